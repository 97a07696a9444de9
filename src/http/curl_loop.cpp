#include "http/curl_loop.h"

#include <pthread.h>
#include <csignal>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <system_error>
#include <utility>

#include "http/url_rules.h"
#include "http/wire_pool.h"

namespace docupilot::inline v1::http {

namespace {

using Moment = CurlPool::Moment;

Error stopped() { return Error(ErrorCode::cancelled, "stopped at the caller's request"); }

}  // namespace

CurlLoop::CurlLoop(std::shared_ptr<const CurlSetup> setup)
    : setup_(std::move(setup)), work_(io_.get_executor()), timer_(io_) {}

CurlLoop::~CurlLoop() = default;

Result<void> CurlLoop::open() {
  // The thread inherits the mask; SIGPIPE of a connection that broke stays with it and does no harm.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  Result<void> opened;
  try {
    thread_ = std::thread([this] { io_.run(); });
  } catch (const std::system_error& problem) {
    opened = Error(ErrorCode::exhausted, std::string("no thread can be started: ") + problem.what())
                 .operation("request")
                 .hint("raise the limit of threads (ulimit -u)");
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return opened;
}

void CurlLoop::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  if (!thread_.joinable()) return;
  boost::asio::post(io_, [this] { shut_down(); });
  thread_.join();
}

bool CurlLoop::push(Command command) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    commands_.push_back(std::move(command));
    if (std::exchange(scheduled_, true)) return true;
  }
  boost::asio::post(io_, [this] { run_commands(); });
  return true;
}

bool CurlLoop::submit(std::shared_ptr<CurlTransfer> transfer) {
  load_.fetch_add(1, std::memory_order_relaxed);
  if (push({std::move(transfer), Wish::start})) return true;
  load_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void CurlLoop::post_resume(std::shared_ptr<CurlTransfer> transfer) {
  static_cast<void>(push({std::move(transfer), Wish::resume}));  // closed: there is nothing left to go on with
}

void CurlLoop::post_cancel(std::shared_ptr<CurlTransfer> transfer) {
  static_cast<void>(push({std::move(transfer), Wish::cancel}));  // closed: it has ended
}

void CurlLoop::run_commands() {
  {
    const std::lock_guard lock(mutex_);
    scheduled_ = false;
    running_commands_.swap(commands_);
  }
  for (Command& command : running_commands_) {
    CurlTransfer& transfer = *command.transfer;
    switch (command.wish) {
      case Wish::start: start(command.transfer); break;
      case Wish::resume:
        if (transfer.take_resume()) transfer.pool().unpause(transfer);
        break;
      case Wish::cancel:
        if (transfer.attached()) end(transfer, stopped());
        break;
    }
  }
  running_commands_.clear();
}

void CurlLoop::start(const std::shared_ptr<CurlTransfer>& transfer) {
  if (auto begun = transfer->begin(); !begun) return deliver(*transfer, std::move(begun).error());
  CurlPool& pool = pool_of(*transfer);
  transfer->place_in_loop = active_.size();
  active_.push_back(transfer);
  auto added = pool.add(*transfer);
  if (!added) return finish(*transfer, transfer->outcome(std::move(added).error()));
  if (transfer->attached()) arm(transfer->next_check());  // it may be through already
}

CurlPool& CurlLoop::pool_of(const CurlTransfer& transfer) {
  const Request& request = transfer.request();
  const bool on_wire = WirePool::suits(transfer, *setup_);
  auto& pool = pools_.at((needs_public_address(request) ? 1U : 0U) + (on_wire ? 2U : 0U))[request.identity];
  if (pool) return *pool;
  if (on_wire) pool = std::make_unique<WirePool>(*this, io_, sockets_, *setup_);
  else pool = std::make_unique<CurlPool>(*this, io_, sockets_, *setup_, setup_->options.connections);
  return *pool;
}

void CurlLoop::ended(CurlTransfer& transfer, CURLcode result) { finish(transfer, transfer.outcome(result)); }

void CurlLoop::end(CurlTransfer& transfer, Error why) { finish(transfer, transfer.outcome(std::move(why))); }

void CurlLoop::finish(CurlTransfer& transfer, Result<Response> result) {
  const std::size_t place = transfer.place_in_loop;
  const std::shared_ptr<CurlTransfer> kept = std::move(active_[place]);
  if (place + 1 != active_.size()) {
    active_[place] = std::move(active_.back());
    active_[place]->place_in_loop = place;
  }
  active_.pop_back();
  if (transfer.attached()) {
    CurlPool& pool = transfer.pool();
    pool.remove(transfer);
    if (pool.idle()) arm(pool.last_used() + setup_->idle_connection);
  }
  deliver(transfer, std::move(result));
}

void CurlLoop::deliver(CurlTransfer& transfer, Result<Response> result) {
  load_.fetch_sub(1, std::memory_order_relaxed);
  transfer.deliver(std::move(result));
}

// One timer for all: it fires at the earliest moment anybody asked for, and perhaps in vain.
void CurlLoop::arm(Moment when) {
  if (when >= armed_) return;
  armed_ = when;
  timer_.expires_at(when);
  timer_.async_wait([this](const boost::system::error_code& problem) {
    if (!problem) tick();
  });
}

void CurlLoop::tick() {
  armed_ = Moment::max();
  const Moment now = Moment::clock::now();
  Moment next = Moment::max();
  for (std::size_t i = active_.size(); i-- > 0;) {  // backwards: one that ends makes room for the last
    CurlTransfer& transfer = *active_[i];
    if (auto late = transfer.overdue(now)) end(transfer, std::move(*late));
    else next = std::min(next, transfer.next_check());
  }
  const auto idle = setup_->idle_connection;
  for (Pools& pools : pools_) {
    std::erase_if(pools, [&](const auto& entry) {
      CurlPool& pool = *entry.second;
      next = std::min(next, pool.tidy(now));
      if (!pool.idle()) return false;
      if (pool.last_used() + idle <= now) return true;
      next = std::min(next, pool.last_used() + idle);
      return false;
    });
  }
  arm(next);
}

void CurlLoop::shut_down() {
  {
    const std::lock_guard lock(mutex_);
    running_commands_.swap(commands_);
  }
  for (Command& command : running_commands_) {
    if (command.wish == Wish::start) deliver(*command.transfer, stopped().operation("request"));
  }
  running_commands_.clear();
  while (!active_.empty()) end(*active_.back(), stopped());
  for (Pools& pools : pools_) pools.clear();
  timer_.cancel();
  work_.reset();
  io_.stop();
}

}  // namespace docupilot::inline v1::http
