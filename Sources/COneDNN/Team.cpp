#include "Team.h"

#include <emmintrin.h>

#include <algorithm>
#include <cstring>

namespace {

// Waits until `condition` holds. The other threads of an operation are some microseconds behind unless the system took their core
// away; then this one sleeps until `changed` is no more what it is.
template <typename Condition, typename Value>
void wait_until(const std::atomic<Value> &changed, Condition condition) {
  constexpr int spins = 1000;
  for (int i = 0; i < spins; i++) {
    if (condition()) return;
    _mm_pause();
  }
  while (true) {
    const Value value = changed.load(std::memory_order_acquire);
    if (condition()) return;
    changed.wait(value, std::memory_order_acquire);
  }
}

}  // namespace

int cdnn_team::share(cdnn_context *context, int64_t all, int64_t most_parts, cdnn::PartWork chosen, const void *of, char *error) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    const int64_t parts = std::min<int64_t>(members + 1, most_parts);
    if (parts > 1) {
      work = chosen;
      operation = of;
      rows = all;
      // Even, since an odd last row costs as much as two.
      part_rows = ((all + parts - 1) / parts + 1) / 2 * 2;
      next_part.store(1, std::memory_order_relaxed);
      has_failed.store(false, std::memory_order_relaxed);
      unfinished.store(members, std::memory_order_relaxed);
      round.fetch_add(1, std::memory_order_release);
      signals.fetch_add(1, std::memory_order_release);
    } else {
      work = nullptr;
    }
  }
  if (!work) return chosen(of, context, 0, all, error);
  signals.notify_all();
  const int status = chosen(of, context, 0, part_rows, error);
  wait_until(unfinished, [&] { return unfinished.load(std::memory_order_acquire) == 0; });
  if (status != 0 || !has_failed.load(std::memory_order_relaxed)) return status;
  if (error) std::memcpy(error, failure, CDNN_ERROR_LENGTH);
  return 1;
}

void cdnn_team::serve(cdnn_context *context, uint32_t dismissals_known) {
  uint32_t seen;
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (is_closed) return;
    members++;
    seen = round.load(std::memory_order_relaxed);
  }
  const auto has_round = [&] { return round.load(std::memory_order_acquire) != seen; };
  while (true) {
    wait_until(signals, [&] { return has_round() || dismissals.load(std::memory_order_acquire) != dismissals_known; });
    if (!has_round()) {
      std::lock_guard<std::mutex> lock(mutex);
      if (!has_round()) {
        members--;
        return;
      }
    }
    seen++;
    const int64_t first = next_part.fetch_add(1, std::memory_order_relaxed) * part_rows;
    char error[CDNN_ERROR_LENGTH] = {};
    if (first < rows && work(operation, context, first, std::min(part_rows, rows - first), error) != 0) {
      std::lock_guard<std::mutex> lock(mutex);
      if (!has_failed.exchange(true)) std::memcpy(failure, error, CDNN_ERROR_LENGTH);
    }
    if (unfinished.fetch_sub(1, std::memory_order_release) == 1) unfinished.notify_all();
  }
}

void cdnn_team::dismiss() {
  dismissals.fetch_add(1, std::memory_order_release);
  signals.fetch_add(1, std::memory_order_release);
  signals.notify_all();
}

void cdnn_team::close() {
  std::lock_guard<std::mutex> lock(mutex);
  is_closed = true;
  dismiss();
}

cdnn_team *cdnn_team_create(void) { return new (std::nothrow) cdnn_team; }

void cdnn_team_destroy(cdnn_team *team) { delete team; }

int cdnn_team_servers(cdnn_team *team) {
  std::lock_guard<std::mutex> lock(team->mutex);
  return team->members;
}

uint32_t cdnn_team_dismissals(const cdnn_team *team) { return team->dismissals.load(std::memory_order_acquire); }

void cdnn_team_serve(cdnn_team *team, cdnn_context *context, uint32_t dismissals) { team->serve(context, dismissals); }

void cdnn_team_dismiss(cdnn_team *team) { team->dismiss(); }

void cdnn_team_close(cdnn_team *team) { team->close(); }

void cdnn_context_lead(cdnn_context *context, cdnn_team *team) { context->team = team; }
