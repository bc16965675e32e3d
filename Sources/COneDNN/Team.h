// Several threads in one operation: a context that leads a team shares its rows out over those that serve the team at the time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "Context.h"

namespace cdnn {

/// Fewer rows are not worth handing to another thread, whatever has to be done with them.
constexpr int64_t least_rows_of_part = 8;

/// Computes rows `first ..< first + rows` with a context of the thread it runs on. Returns 0 on success, else 1 with a message in
/// `error`.
using PartWork = int (*)(const void *operation, cdnn_context *context, int64_t first, int64_t rows, char *error);

}  // namespace cdnn

struct cdnn_team {
  // Guards `members`, `is_closed` and the beginning of a round: one that serves leaves between rounds only.
  std::mutex mutex;
  int members = 0;
  bool is_closed = false;
  /// Counts the operations that were shared out.
  std::atomic<uint32_t> round{0};
  /// Counts the calls of those that serve back.
  std::atomic<uint32_t> dismissals{0};
  /// Counts both; those that serve sleep on it.
  std::atomic<uint32_t> signals{0};

  // Of the round in hand.
  cdnn::PartWork work = nullptr;
  const void *operation = nullptr;
  int64_t rows = 0, part_rows = 0;
  std::atomic<int64_t> next_part{0};
  std::atomic<int> unfinished{0};
  std::atomic<bool> has_failed{false};
  /// Why the first that failed did, guarded by `mutex`.
  char failure[CDNN_ERROR_LENGTH] = {};

  /// Computes all rows, in at most so many parts, on this thread and those that serve. For the leader.
  int share(cdnn_context *context, int64_t all, int64_t most_parts, cdnn::PartWork work, const void *operation, char *error);
  /// Takes part in rounds until `dismissals` is no more what it was. For the others.
  void serve(cdnn_context *context, uint32_t dismissals_known);
  void dismiss();
  void close();
};

namespace cdnn {

/// Runs `operation(context, first, rows, error)` over `rows` rows: by the context's team if it leads one, else here.
/// - row_work: multiplications of one row, or what takes as long.
template <typename Operation>
int over_rows(cdnn_context *context, int64_t rows, int64_t row_work, char *error, const Operation &operation) {
  const int64_t parts = std::min(rows / least_rows_of_part, rows * row_work / CDNN_LEAST_SHARED_WORK);
  if (!context->team || parts < 2) return operation(context, 0, rows, error);
  return context->team->share(
      context, rows, parts,
      [](const void *operation, cdnn_context *context, int64_t first, int64_t rows, char *error) {
        return (*static_cast<const Operation *>(operation))(context, first, rows, error);
      },
      &operation, error);
}

}  // namespace cdnn
