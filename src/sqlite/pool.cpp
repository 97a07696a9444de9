#include <chrono>

#include "base/try.h"
#include "sqlite/database.h"

namespace docupilot::inline v1::sqlite {

namespace {

constexpr std::size_t idle_connections = 8;

}  // namespace

Pool::Pool(OpenOptions options, std::function<Result<void>(Connection&)> prepare)
    : options_(std::move(options)), prepare_(std::move(prepare)) {}
Pool::~Pool() = default;

Pool::Lease::Lease(Pool& pool, std::unique_ptr<Connection> connection, std::unique_lock<std::timed_mutex> writer)
    : pool_(&pool), connection_(std::move(connection)), writer_(std::move(writer)) {}
Pool::Lease::Lease(Lease&& other) noexcept = default;

Pool::Lease::~Lease() {
  if (!connection_) return;
  const std::lock_guard lock(pool_->mutex_);
  if (pool_->idle_.size() < idle_connections) pool_->idle_.push_back(std::move(connection_));
}

Result<std::unique_ptr<Connection>> Pool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  DOCUPILOT_TRY(auto connection, Connection::open(options_));
  if (prepare_) DOCUPILOT_CHECK(prepare_(*connection));
  return connection;
}

Result<Pool::Lease> Pool::reader(const Context& context) {
  if (options_.path == ":memory:") return writer(context);  // its one connection holds the data
  DOCUPILOT_TRY(auto connection, take());
  return Lease(*this, std::move(connection), {});
}

Result<Pool::Lease> Pool::writer(const Context& context) {
  std::unique_lock lock(writer_, std::defer_lock);
  while (!lock.try_lock_for(std::chrono::milliseconds(50))) DOCUPILOT_CHECK(context.check("sqlite"));
  DOCUPILOT_TRY(auto connection, take());
  return Lease(*this, std::move(connection), std::move(lock));
}

}  // namespace docupilot::inline v1::sqlite
