#include "unit/upload/upload_simulation.h"

#include <docupilot/source/content_hash.h>

#include <algorithm>
#include <cstdio>

namespace docupilot_test {

using namespace docupilot;

namespace {

constexpr std::int64_t millisecond = 1'000'000;
constexpr std::int64_t second = 1'000 * millisecond;
constexpr std::uint64_t part_size = 10;

PartReply refusal(PartVerdict verdict, ErrorCode code, const char* text) {
  return {.verdict = verdict, .error = Error(code, text)};
}

bool is_ambiguous(const Error& error) {
  return error.code() == ErrorCode::outcome_unknown || error.code() == ErrorCode::unavailable ||
         error.code() == ErrorCode::timeout || error.code() == ErrorCode::cancelled;
}

}  // namespace

UploadSimulation::UploadSimulation(std::uint64_t seed, bool tells, SimulationCounts& counts)
    : tells_(tells), counts_(counts), dice_(seed) {
  size_ = dice_.chance(0.1) ? dice_.below(part_size + 1) : dice_.below(12 * part_size);
  is_stream_ = dice_.chance(0.3);
  says_size_ = !is_stream_ || dice_.chance(0.3);
  keep_ = !is_stream_ && dice_.chance(0.5);
  connections_ = 1 + static_cast<unsigned>(dice_.below(5));
  policy_.attempts = static_cast<unsigned>(dice_.below(5));
  policy_.bucket = dice_.chance(0.2) ? 20 : 500;
  patience_.give_up = std::array{Duration(), Duration(60 * second), Duration(900 * second)}[dice_.below(3)];
  bucket_.emplace(policy_.bucket);
  const auto known = says_size_ ? std::optional(size_) : std::nullopt;
  schedule_.emplace(PartScheduleOptions{.size = known, .part_size = part_size, .least = 1});
  store_.if_absent = dice_.chance(0.3);
  counts_.streams += is_stream_ ? 1 : 0;
  plan_troubles();
}

bool UploadSimulation::meets(Trouble trouble) {
  const auto index = static_cast<std::size_t>(trouble);
  if (rates_[index] == 0 || !dice_.chance(rates_[index])) return false;
  ++counts_.met[index];
  return true;
}

std::int64_t UploadSimulation::between(std::int64_t least, std::int64_t most) {
  return least + static_cast<std::int64_t>(dice_.below(static_cast<std::uint64_t>(most - least + 1)));
}

void UploadSimulation::plan_troubles() {
  // A fifth of all troubles in each run, seldom or often; some runs have none.
  is_calm_ = dice_.chance(0.02);
  if (is_calm_) return;
  for (double& rate : rates_) {
    if (dice_.chance(0.2)) rate = std::array{0.02, 0.1, 0.4, 0.9}[dice_.below(4)];
  }
  store_.replays = rates_[static_cast<std::size_t>(Trouble::replay)] > 0;
  if (meets(Trouble::outage)) {
    const std::int64_t begin = now_ + between(0, 5 * second);
    outages_.emplace_back(begin, begin + between(second / 10, dice_.chance(0.5) ? 20 * second : 1200 * second));
  }
  at_some_moment(Trouble::upload_forgotten, [this] {
    if (store_.uploads.empty()) return;
    forgotten_.insert(store_.uploads.begin()->first);
    tell("the server forgets " + store_.uploads.begin()->first);
    store_.uploads.erase(store_.uploads.begin());
  });
  const auto harm = [this](bool changes) {
    for (auto& [id, parts] : store_.uploads) {
      if (parts.empty()) continue;
      auto part = parts.begin();
      std::advance(part, static_cast<std::ptrdiff_t>(dice_.below(parts.size())));
      lost_.emplace(id, part->first);
      ++harms_;
      tell("the server loses part " + std::to_string(part->first) + " of " + id);
      if (changes) part->second.etag += "-other";
      else parts.erase(part);
      return;
    }
  };
  const std::uint64_t times = dice_.chance(0.2) ? 10 : 1;
  for (std::uint64_t i = 0; i < times; ++i) {
    at_some_moment(Trouble::part_lost, [harm] { harm(false); });
    at_some_moment(Trouble::part_changed, [harm] { harm(true); });
  }
  at_some_moment(Trouble::decoy, [this] { store_.put_decoy(); });
  at_some_moment(Trouble::pause, [this] {
    plan_->pause(now());
    sent_since_.clear();
    after(between(millisecond, dice_.chance(0.5) ? second : 1800 * second), [this] {
      if (finished_) return;
      plan_->resume(now());
      sent_since_.clear();
      hasty_probes_ = 0;
      probe_ = -1;
    });
  });
  at_some_moment(Trouble::cancel,
                 [this] { plan_->cancel(Error(ErrorCode::cancelled, "the caller asked to stop"), now()); });
  at_some_moment(Trouble::source_fails, [this] {
    // Nobody reads while a completion is under way.
    if (!call_is_complete_) plan_->source_failed(Error(ErrorCode::precondition_failed, "the source changed"), now());
  });
  if (is_stream_) return;
  for (int i = 0; i < 3; ++i) at_some_moment(Trouble::crash, [this] { crash(); });
}

void UploadSimulation::at_some_moment(Trouble trouble, std::function<void()> happen) {
  if (rates_[static_cast<std::size_t>(trouble)] == 0) return;
  const std::int64_t span = std::array<std::int64_t, 3>{300 * millisecond, 3 * second, 600 * second}[dice_.below(3)];
  after(between(0, span), [this, trouble, happen = std::move(happen)] {
    if (finished_) return;
    ++counts_.met[static_cast<std::size_t>(trouble)];
    tell("trouble " + std::to_string(static_cast<int>(trouble)));
    happen();
  });
}

bool UploadSimulation::is_outage() const {
  return std::ranges::any_of(outages_, [this](const auto& span) { return span.first <= now_ && now_ < span.second; });
}

void UploadSimulation::after(std::int64_t delay, std::function<void()> happen) {
  events_.push({now_ + delay, ++order_, std::move(happen)});
}

void UploadSimulation::tell(const std::string& what) const {
  if (tells_) std::printf("%12.3f ms  %s\n", static_cast<double>(now_) / 1e6, what.c_str());
}

void UploadSimulation::wrong(const std::string& what) {
  tell("WRONG: " + what);
  if (wrong_.empty()) wrong_ = what;
}

// ---- the client
// -------------------------------------------------------------------------------------------------------

void UploadSimulation::make_plan() {
  plan_.emplace(UploadPlanOptions{.schedule = *schedule_,
                                  .size = says_size_ ? std::optional(size_) : std::nullopt,
                                  .can_rewind = !is_stream_,
                                  .keep = keep_,
                                  .retry = policy_,
                                  .patience = patience_,
                                  .bucket = &*bucket_,
                                  .random = [this] { return dice_.part(); }},
                now());
}

std::string UploadSimulation::run() {
  tell("size " + std::to_string(size_) + (is_stream_ ? ", a stream" : ", a file"));
  make_plan();
  pump();
  for (std::uint64_t steps = 0; !events_.empty() && wrong_.empty(); ++steps) {
    Event event = events_.top();
    events_.pop();
    now_ = event.at;
    event.happen();
    if (!finished_) pump();
    ++counts_.events;
    if (steps > 100'000 || now_ > 100 * 3600 * second) wrong("it does not end");
  }
  if (!finished_ && wrong_.empty()) wrong("it is stuck");
  if (wrong_.empty()) check_end();
  return wrong_;
}

void UploadSimulation::pump() {
  while (const auto action = plan_->next(now(), sending_.size() < connections_)) {
    perform(*action);
    if (finished_) return;
  }
  if (plan_->wants_all_cancelled()) cancel_all();
  const TransferProgress progress = plan_->progress();
  if (progress.bytes_total.value_or(UINT64_MAX) < progress.bytes_done) wrong("more is done than there is");
  if (const auto wake = plan_->wake_at()) {
    if (wake->nanoseconds() <= now_) return wrong("it wants to be woken in the past");
    if (wake->nanoseconds() != woken_at_) after(wake->nanoseconds() - now_, [] {});
    woken_at_ = wake->nanoseconds();
  }
  if (is_stream_ && !is_producing_ && plan_->wants_bytes()) {
    is_producing_ = true;
    after(between(0, 100 * millisecond), [this] { produce(); });
  }
}

void UploadSimulation::produce() {
  if (finished_) return;
  is_producing_ = false;
  const std::uint64_t count = std::min(part_size, size_ - produced_);
  produced_ += count;
  plan_->produced(count, produced_ == size_, now());
}

void UploadSimulation::perform(const UploadAction& action) {
  using Kind = UploadAction::Kind;
  tell(
      std::array{"open", "send", "list", "complete", "look", "abort", "finish"}[static_cast<std::size_t>(action.kind)] +
      (action.kind == Kind::send ? " " + std::to_string(action.number) : std::string()));
  const std::string id = plan_->upload().upload_id;
  switch (action.kind) {
    case Kind::send: return send(action.number, action.attempt);
    case Kind::open: return open();
    case Kind::complete: return complete();
    case Kind::finish: return finish();
    case Kind::list:
      ++counts_.rounds;
      return call([this, id]() -> std::function<void()> {
        if (auto failure = failing_call()) return failure;
        if (!store_.uploads.contains(id)) {
          return [this] { fail_call(Error(ErrorCode::not_found, "no such upload"), false); };
        }
        return [this, id, parts = store_.parts(id)] {
          const auto is_there = [&](const PartInfo& part) {
            return std::ranges::any_of(parts, [&](const PartInfo& has) {
              return has.number == part.number && has.etag == part.etag && has.crc64nvme == part.crc64nvme;
            });
          };
          // A completion has broken it, and it is given up.
          if (!std::ranges::all_of(plan_->parts(), is_there)) in_doubt_.erase(id);
          if (++rounds_ > 2) wrong("a completion is mended more than twice");
          plan_->listed(parts, now());
        };
      });
    case Kind::look:
      return call([this]() -> std::function<void()> {
        if (auto failure = failing_call()) return failure;
        counts_.looked_ours += store_.look() ? 1 : 0;
        return [this, there = store_.look()] {
          if (there) in_doubt_.clear();  // its end is known now
          has_looked_ = true;
          plan_->looked(there, now());
        };
      });
    case Kind::abort:
      if (in_doubt_.contains(id)) wrong("an upload whose completion's end is unknown is aborted");
      call([this, id]() -> std::function<void()> {
        if (is_outage() || meets(Trouble::abort_fails)) {
          return [this] { plan_->aborted(Error(ErrorCode::unavailable, "no connection"), now()); };
        }
        store_.uploads.erase(id);
        return [this] { plan_->aborted(std::nullopt, now()); };
      });
      call_is_abort_ = true;
  }
}

void UploadSimulation::check_send(int number) {
  const std::string& id = plan_->upload().upload_id;
  if (sending_.contains(number)) wrong("a part is sent while it is being sent");
  if (sending_.size() >= connections_) wrong("there is no connection for it");
  if (call_ != 0) wrong("a part is sent during a call");
  if (plan_->progress().paused) wrong("a part is sent during a pause");
  if (journal_ && journal_->upload.upload_id == id && journal_->acknowledged.contains(number) &&
      !lost_.contains({id, number}) && !forgotten_.contains(id)) {
    wrong("an acknowledged part is sent again");
  }
  if (journal_) journal_->acknowledged.erase(number);
  if (!plan_->waiting()) {
    // Three corrections besides.
    if (++sent_since_[number] > std::max(1U, policy_.attempts) + 3) wrong("a part is tried too often");
    return;
  }
  if (probe_ != -1 && sending_.contains(probe_)) wrong("there are two probes at a time");
  hasty_probes_ = now_ - probed_at_ < second ? hasty_probes_ + 1 : 0;
  if (hasty_probes_ > 3) wrong("probes follow each other too fast");
  sent_since_.erase(number);
  probed_at_ = now_;
  probe_ = number;
  ++counts_.probes;
}

void UploadSimulation::send(int number, unsigned) {
  check_send(number);
  ++counts_.parts_sent;
  const std::uint64_t token = ++tokens_;
  sending_[number] = token;
  const std::string id = plan_->upload().upload_id;
  const std::uint64_t size = plan_->size_of(number);
  after(trip(), [this, id, number, size, token, life = life_] {
    PartReply arrived = arrive(id, number, size);
    after(trip(), [this, number, token, life, arrived = std::move(arrived)]() mutable {
      if (life == life_) reply(number, token, std::move(arrived));
    });
  });
}

PartReply UploadSimulation::arrive(const std::string& upload, int number, std::uint64_t size) {
  if (is_outage() || meets(Trouble::transient)) return refusal(PartVerdict::transient, ErrorCode::unavailable, "reset");
  if (meets(Trouble::throttled)) return refusal(PartVerdict::throttled, ErrorCode::rate_limited, "slow down");
  if (meets(Trouble::hinted)) {
    PartReply slow = refusal(PartVerdict::throttled, ErrorCode::rate_limited, "slow down");
    slow.wait = Duration(between(millisecond, 100 * second));
    slow.asked_by_aws = dice_.chance(0.5);
    return slow;
  }
  if (meets(Trouble::mended)) return refusal(PartVerdict::mended, ErrorCode::unauthenticated, "expired");
  if (meets(Trouble::refused)) return refusal(PartVerdict::final, ErrorCode::permission_denied, "no");
  PartReply stored{.verdict = PartVerdict::stored, .bytes_sent = size};
  if (number == 0) {
    auto object = store_.put_whole(size);
    if (!object) return {.verdict = PartVerdict::final, .error = std::move(object).error()};
    stored.object = *std::move(object);
    stored.part.crc64nvme = ModelStore::crc_of(0);
    if (meets(Trouble::whole_lost_reply)) {
      return refusal(PartVerdict::transient, ErrorCode::unavailable, "no reply");
    }
    return stored;
  }
  auto part = store_.put_part(upload, number, size);
  if (!part) return refusal(PartVerdict::no_upload, ErrorCode::not_found, "no such upload");
  lost_.erase({upload, number});
  if (meets(Trouble::part_lost_reply)) return refusal(PartVerdict::transient, ErrorCode::unavailable, "no reply");
  stored.part = *std::move(part);
  return stored;
}

void UploadSimulation::reply(int number, std::uint64_t token, PartReply reply) {
  const auto there = sending_.find(number);
  if (there == sending_.end() || there->second != token) return;
  sending_.erase(there);
  tell("reply " + std::to_string(number) + ": verdict " + std::to_string(static_cast<int>(reply.verdict)));
  if (reply.verdict == PartVerdict::stored) {
    is_whole_stored_ = is_whole_stored_ || number == 0;
    if (journal_ && number != 0) journal_->acknowledged[number] = reply.part;
    sent_since_.clear();
    probe_ = -1;
  }
  plan_->replied(number, std::move(reply), now());
}

void UploadSimulation::cancel_all() {
  const auto hear = [this](std::uint64_t token, std::function<void()> happen) {
    if (!cancelled_.insert(token).second) return;
    after(between(0, 100 * millisecond), [this, life = life_, happen = std::move(happen)] {
      if (life == life_ && !finished_) happen();
    });
  };
  for (const auto& [number, token] : sending_) {
    hear(token, [this, number, token] {
      reply(number, token, refusal(PartVerdict::final, ErrorCode::cancelled, "cancelled"));
    });
  }
  if (call_ == 0 || call_is_abort_) return;
  hear(call_,
       [this, token = call_] { answer(token, [this] { fail_call(Error(ErrorCode::cancelled, "cancelled"), true); }); });
}

// ---- calls
// ------------------------------------------------------------------------------------------------------------

void UploadSimulation::call(std::function<std::function<void()>()> effect) {
  if (call_ != 0) wrong("there are two calls at a time");
  if (!sending_.empty()) wrong("there is a call while parts are sent");
  const std::uint64_t token = ++tokens_;
  call_ = token;
  call_is_abort_ = call_is_complete_ = false;
  after(trip(), [this, token, life = life_, effect = std::move(effect)] {
    auto told = effect();
    after(trip(), [this, token, life, told = std::move(told)] {
      if (life == life_) answer(token, told);
    });
  });
}

void UploadSimulation::answer(std::uint64_t token, std::function<void()> tell) {
  if (call_ != token || finished_) return;
  call_ = 0;
  tell();
  call_is_complete_ = false;
}

void UploadSimulation::fail_call(Error error, bool may_be_done) {
  tell("the call fails: " + error.to_string());
  if (call_is_complete_ && may_be_done && is_ambiguous(error)) in_doubt_.insert(plan_->upload().upload_id);
  if (call_is_complete_) is_contested_ = error.code() == ErrorCode::conflict;
  plan_->call_failed(std::move(error), now());
}

std::function<void()> UploadSimulation::failing_call() {
  if (is_outage() || meets(Trouble::call_fails)) {
    const auto code = std::array{ErrorCode::unavailable, ErrorCode::timeout, ErrorCode::rate_limited}[dice_.below(3)];
    return [this, code] { fail_call(Error(code, "out of reach"), true); };
  }
  if (meets(Trouble::call_refused)) {
    return [this] { fail_call(Error(ErrorCode::permission_denied, "no"), false); };
  }
  return nullptr;
}

void UploadSimulation::open() {
  // After a crash the first `open` finds the upload of the journal; a later one begins anew.
  const bool resumes = journal_ && !has_opened_;
  if (journal_ && has_opened_) {
    if (journal_->completing && !has_looked_ && !is_contested_) wrong("it begins anew, and did not look at the object");
    journal_.reset();
    began_anew_ = true;
  }
  call([this, resumes]() -> std::function<void()> {
    if (auto failure = failing_call()) return failure;
    if (resumes) {
      return [this] { go_on(); };
    }
    MultipartUpload upload{.key = "key", .upload_id = store_.begin(), .started = {}};
    if (meets(Trouble::open_lost_reply)) {
      return [this] { fail_call(Error(ErrorCode::outcome_unknown, "no reply"), true); };
    }
    return [this, upload] {
      known_.insert(upload.upload_id);
      has_opened_ = true;
      has_looked_ = is_contested_ = false;
      rounds_ = 0;
      journal_ = Journal{.upload = upload, .acknowledged = {}};
      sent_since_.clear();
      probe_ = -1;
      plan_->opened(upload, {}, now());
    };
  });
}

void UploadSimulation::complete() {
  const std::string id = plan_->upload().upload_id;
  if (meets(Trouble::source_changed)) {
    return plan_->source_failed(Error(ErrorCode::precondition_failed, "the source changed"), now());
  }
  journal_->completing = true;
  call([this, id, parts = plan_->parts()]() -> std::function<void()> {
    if (meets(Trouble::complete_late)) {
      after(between(millisecond, 30 * second), [this, id, parts] { static_cast<void>(store_.complete(id, parts)); });
      return [this] { fail_call(Error(ErrorCode::outcome_unknown, "no reply"), true); };
    }
    if (auto failure = failing_call()) return failure;
    if (meets(Trouble::conflict)) return [this] { fail_call(Error(ErrorCode::conflict, "contested"), false); };
    const unsigned replayed = store_.replayed;
    auto object = store_.complete(id, parts);
    counts_.met[static_cast<std::size_t>(Trouble::replay)] += store_.replayed - replayed;
    if (object && meets(Trouble::complete_lost_reply)) {
      return [this] { fail_call(Error(ErrorCode::outcome_unknown, "no reply"), true); };
    }
    return [this, object = std::move(object)] {
      if (object) plan_->completed(*object, now());
      else fail_call(object.error(), false);
    };
  });
  call_is_complete_ = true;
}

void UploadSimulation::crash() {
  ++life_;
  for (const MultipartUpload& upload : plan_->left()) left_.insert(upload.upload_id);
  sending_.clear();
  cancelled_.clear();
  sent_since_.clear();
  probe_ = -1;
  call_ = 0;
  call_is_complete_ = false;
  has_opened_ = false;
  woken_at_ = -1;
  make_plan();
  if (journal_ && dice_.chance(0.5)) go_on();
}

void UploadSimulation::go_on() {
  has_opened_ = true;
  has_looked_ = is_contested_ = false;
  rounds_ = 0;
  std::vector<PartInfo> has;
  for (const auto& [number, part] : journal_->acknowledged) has.push_back(part);
  if (journal_->completing) {
    ++counts_.resumed_completing;
    in_doubt_.insert(journal_->upload.upload_id);
    plan_->opened_completing(journal_->upload, has, now());
  } else {
    ++counts_.resumed;
    plan_->opened(journal_->upload, has, now());
  }
}

// ---- the end
// ----------------------------------------------------------------------------------------------------------

void UploadSimulation::finish() {
  finished_ = true;
  if (!sending_.empty() || call_ != 0) wrong("it ends while something is under way");
}

void UploadSimulation::check_end() {
  ++life_;
  for (const MultipartUpload& upload : plan_->left()) left_.insert(upload.upload_id);
  if (plan_->is_left() == plan_->left().empty()) wrong("is_left and left disagree");
  // What the plan never heard of stays with the journal.
  const bool is_unheard = journal_ && !has_opened_;
  if (is_unheard) left_.insert(journal_->upload.upload_id);
  counts_.left += plan_->is_left() ? 1 : 0;
  for (const auto& [id, parts] : store_.uploads) {
    if (known_.contains(id) && !left_.contains(id)) wrong("an upload is left and nobody tells of it: " + id);
  }
  const auto made = std::ranges::count_if(store_.ever, [](const auto& object) { return object.ours; });
  auto result = plan_->result();
  tell(result ? "success" : result.error().to_string());
  if (is_calm_) {
    ++counts_.calm;
    if (!result) return wrong("it fails though nothing goes wrong");
    if (result->bytes_sent != size_ || result->attempts_failed > 0)
      wrong("bytes are sent twice though nothing goes wrong");
  }
  if (!result) {
    ++counts_.failed;
    const Error& error = result.error();
    counts_.gave_up += error.hint().find("nothing was acknowledged") != std::string::npos ? 1 : 0;
    const bool is_unknown =
        error.code() == ErrorCode::outcome_unknown || error.hint().find("not known") != std::string::npos;
    counts_.unknown += is_unknown ? 1 : 0;
    const bool is_whole =
        std::ranges::any_of(store_.ever, [](const auto& object) { return object.contents == std::vector{0}; });
    if (error.code() == ErrorCode::corrupted && !is_stream_ && harms_ <= 2) wrong("two lost parts are not mended");
    // What an earlier life sent in one request is in no journal.
    const bool is_in_the_way = error.code() == ErrorCode::already_exists && !is_unknown && store_.look();
    if (is_in_the_way && life_ == 1) wrong("our own object is in the way");
    if (error.code() == ErrorCode::cancelled && is_whole_stored_) wrong("cancelled, and it was acknowledged");
    // What is asked of one request that failed is asked of any put; and an upload that began anew speaks for the
    // second.
    if (made > 0 && !is_unknown && !is_whole && !began_anew_ && !is_unheard)
      wrong("the object was made, and the error denies it");
    return;
  }
  ++counts_.succeeded;
  counts_.restarted += result->restarts;
  const auto object = std::ranges::find(store_.ever, result->object.etag, &ModelStore::Object::etag);
  if (object == store_.ever.end()) return wrong("success, and there never was such an object of ours");
  if (object->size != size_) return wrong("success with an object of another size");
  std::uint64_t crc = ModelStore::crc_of(0);
  if (object->contents != std::vector{0}) {
    crc = 0;
    int number = 0;
    for (std::uint64_t at = 0; at < size_ || number == 0; at += part_size) {
      ++number;
      if (static_cast<std::size_t>(number) > object->contents.size() ||
          object->contents[static_cast<std::size_t>(number) - 1] != number) {
        return wrong("success with an object of other parts");
      }
      crc = crc64nvme_combine(crc, ModelStore::crc_of(number), std::min(part_size, size_ - at));
    }
    if (object->contents.size() != static_cast<std::size_t>(number)) return wrong("success with too many parts");
  }
  if (result->crc64nvme != crc) wrong("success with another checksum");
  if (result->restarts > 1) wrong("it began anew more than once");
}

}  // namespace docupilot_test
