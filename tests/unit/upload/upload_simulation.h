#pragma once

#include <array>
#include <functional>
#include <queue>
#include <set>
#include <string>

#include "unit/upload/model_store.h"
#include "upload/upload_plan.h"

namespace docupilot_test {

/// What can go wrong in a simulation.
enum class Trouble : std::uint8_t {
  transient,        ///< A part does not arrive.
  throttled,        ///< "Slow down".
  hinted,           ///< Likewise, and the server says how long to wait.
  mended,           ///< Refused for a reason that is mended.
  refused,          ///< Refused for good.
  part_lost_reply,  ///< Stored, and nobody hears of it.
  whole_lost_reply,
  open_lost_reply,
  complete_lost_reply,
  complete_late,  ///< Nobody hears of it, and it is done only later.
  call_fails,     ///< A call to the store is in vain.
  call_refused,   ///< Likewise, for good.
  abort_fails,
  conflict,        ///< Somebody else is at the key.
  source_changed,  ///< Noticed before a completion.
  outage,          ///< Nothing arrives for a while.
  upload_forgotten,
  part_lost,
  part_changed,
  decoy,
  pause,
  cancel,
  crash,
  source_fails,  // at some moment
  replay,        ///< A completion that was done before succeeds again.
  count,
};
constexpr auto troubles = static_cast<std::size_t>(Trouble::count);
using TroubleCounts = std::array<std::uint64_t, troubles>;

/// How simulations ended, and what they met.
struct SimulationCounts {
  TroubleCounts met = {};
  std::uint64_t succeeded = 0, failed = 0, resumed = 0, resumed_completing = 0, restarted = 0, looked_ours = 0;
  std::uint64_t gave_up = 0, left = 0, unknown = 0, parts_sent = 0, probes = 0, calm = 0, streams = 0, rounds = 0,
                events = 0;
};

/// One upload in virtual time, against a model of a store, with everything drawn from one seed: the source, the
/// options, the faults and their moments. Plays driver, journal, network, server and user.
class UploadSimulation {
 public:
  UploadSimulation(std::uint64_t seed, bool tells, SimulationCounts& counts);
  /// To the end. What was wrong; empty: nothing.
  std::string run();

 private:
  struct Event {
    std::int64_t at;
    std::uint64_t order;
    std::function<void()> happen;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;  // the earliest first
    }
  };
  struct Journal {
    docupilot::MultipartUpload upload;
    ModelStore::Parts acknowledged;
    bool completing = false;
  };

  // Chance.
  bool meets(Trouble trouble);
  std::int64_t between(std::int64_t least, std::int64_t most);
  std::int64_t trip() { return between(1'000'000, 300'000'000); }
  void plan_troubles();
  void at_some_moment(Trouble trouble, std::function<void()> happen);
  [[nodiscard]] bool is_outage() const;

  // The client.
  void make_plan();
  void pump();
  void perform(const docupilot::UploadAction& action);
  void send(int number, unsigned attempt);
  void check_send(int number);
  void reply(int number, std::uint64_t token, docupilot::PartReply reply);
  void open();
  void complete();
  void finish();
  void cancel_all();
  void crash();
  /// With the upload of the journal.
  void go_on();
  void produce();
  /// A call to the store: `effect` at the server, whose result is told to the plan unless nobody hears of it.
  void call(std::function<std::function<void()>()> effect);
  void answer(std::uint64_t token, std::function<void()> tell);
  void fail_call(docupilot::Error error, bool may_be_done);
  std::function<void()> failing_call();

  // The server.
  docupilot::PartReply arrive(const std::string& upload, int number, std::uint64_t size);

  void after(std::int64_t delay, std::function<void()> happen);
  void wrong(const std::string& what);
  void tell(const std::string& what) const;
  void check_end();
  [[nodiscard]] docupilot::Duration now() const { return docupilot::Duration(now_); }

  bool tells_;
  SimulationCounts& counts_;
  Dice dice_;
  std::array<double, troubles> rates_ = {};
  std::vector<std::pair<std::int64_t, std::int64_t>> outages_;
  ModelStore store_;

  std::uint64_t size_ = 0;
  bool is_stream_ = false;
  bool says_size_ = true;
  bool keep_ = false;
  bool is_calm_ = false;  // nothing goes wrong
  unsigned connections_ = 1;
  docupilot::RetryPolicy policy_;
  docupilot::PatienceOptions patience_;
  std::optional<docupilot::TokenBucket> bucket_;
  std::optional<docupilot::PartSchedule> schedule_;

  std::priority_queue<Event> events_;
  std::uint64_t order_ = 0;
  std::int64_t now_ = 1'000'000'000;
  std::int64_t woken_at_ = -1;

  std::optional<docupilot::UploadPlan> plan_;
  std::uint64_t life_ = 0;  // of the client; a crash begins another
  std::map<int, std::uint64_t> sending_;
  std::uint64_t call_ = 0;  // the token of the one under way
  bool call_is_abort_ = false;
  bool call_is_complete_ = false;
  std::set<std::uint64_t> cancelled_;
  std::uint64_t tokens_ = 0;
  bool is_producing_ = false;
  std::uint64_t produced_ = 0;
  std::optional<Journal> journal_;

  std::set<std::string> known_;      // uploads whose id the client has heard
  std::set<std::string> in_doubt_;   // those whose completion's end is unknown
  std::set<std::string> forgotten_;  // by the server
  std::set<std::pair<std::string, int>> lost_;
  std::set<std::string> left_;          // that an earlier client told of
  std::map<int, unsigned> sent_since_;  // attempts since the last byte was acknowledged
  int probe_ = -1;
  std::int64_t probed_at_ = -3'600'000'000'000;
  unsigned hasty_probes_ = 0;  // one behind the other within a second
  bool has_opened_ = false;    // in this life
  bool began_anew_ = false;
  bool has_looked_ = false;       // at the object, since the upload was begun
  bool is_contested_ = false;     // its completion
  bool is_whole_stored_ = false;  // and acknowledged
  unsigned rounds_ = 0;           // lists of this upload
  unsigned harms_ = 0;            // parts that the server lost
  bool finished_ = false;
  std::string wrong_;
};

}  // namespace docupilot_test
