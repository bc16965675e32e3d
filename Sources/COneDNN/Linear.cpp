#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>

#include "InstructionSet.h"
#include "Products.h"
#include "Team.h"

namespace cdnn {

namespace {

// 64 rows of 3,072 32-bit sums stay in a core's second-level cache until they are scaled.
constexpr int64_t integer_block_rows = 64;
constexpr int64_t block_rows = 512;
// 204 rows of 256 32-bit values stay in a core's second-level cache, and are 4 images of 50 tokens.
constexpr int64_t panel_block_rows = 204;

void *row(const cdnn_rows &rows, int64_t index) { return from_row(rows, index).values; }

void execute(cdnn_context &context, const cdnn_matrix &matrix, const ProductKey &key, void *source, void *destination) {
  Product &p = product(context, key, matrix.weights.get_desc());
  p.source.set_data_handle(source);
  p.destination.set_data_handle(destination);
  p.scratch.set_data_handle(context.primitive_scratch.reserve<char>(static_cast<int64_t>(p.scratch_bytes) + 64));
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, p.source.get()},
                                       {DNNL_ARG_DST, p.destination.get()},
                                       {DNNL_ARG_WEIGHTS, matrix.weights.get()},
                                       {DNNL_ARG_SCRATCHPAD, p.scratch.get()},
                                       {DNNL_ARG_BIAS, key.bias ? matrix.bias.get() : nullptr}};
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(p.primitive.get(), context.stream.get(), key.bias ? 5 : 4, arguments), "matrix product");
}

// oneDNN computes a single row by another kernel, whose sums may run in another order: a lone row goes with a second.
void execute_one_row(cdnn_context &context, const cdnn_matrix &matrix, ProductKey key, const void *source,
                     void *destination) {
  const auto source_bytes = static_cast<size_t>(matrix.inputs) * value_bytes(matrix.format);
  const auto result_bytes =
      static_cast<size_t>(matrix.outputs) * (key.format == CDNN_U8 ? 4 : value_bytes(key.destination));
  const size_t source_room = (2 * source_bytes + 63) / 64 * 64;
  char *rows = context.two_rows.reserve<char>(static_cast<int64_t>(source_room + 2 * result_bytes));
  char *results = rows + source_room;
  for (int i = 0; i < 2; i++) {
    std::memcpy(rows + i * source_bytes, source, source_bytes);
    if (key.accumulate) std::memcpy(results + i * result_bytes, destination, result_bytes);
  }
  key.rows = 2;
  execute(context, matrix, key, rows, results);
  std::memcpy(destination, results, result_bytes);
}

void execute_rows(cdnn_context &context, const cdnn_matrix &matrix, const ProductKey &key, void *source,
                  void *destination) {
  if (key.rows == 1) {
    execute_one_row(context, matrix, key, source, destination);
  } else {
    execute(context, matrix, key, source, destination);
  }
}

int64_t rows_at_once(const cdnn_matrix &matrix, int64_t rows) {
  if (!matrix.panels) return matrix.format == CDNN_U8 ? integer_block_rows : block_rows;
  // Blocks of about the same size, since each reads all weights; of whole tiles but for the last.
  const int64_t blocks = std::max<int64_t>(1, (rows + panel_block_rows - 1) / panel_block_rows);
  const int64_t block = (rows + blocks - 1) / blocks, tile = panel_kernels().tile_rows;
  return std::max(tile, (block + tile - 1) / tile * tile);
}

Panels panels(const cdnn_matrix &matrix) {
  return {matrix.outputs, matrix.inputs, panel_kernels().width, matrix.steps, matrix.panels.get(), matrix.plain_bias.get()};
}

void *panel_scratch(cdnn_context &context, const cdnn_matrix &matrix, int64_t rows) {
  return context.panel_scratch.reserve<char>(panel_kernels().scratch_bytes(panels(matrix), rows));
}

// Sums of an integer product of some rows, before they are scaled.
void integer_sums(cdnn_context &context, const cdnn_matrix &matrix, const cdnn_rows &source, int64_t first, int64_t rows,
                  int32_t *sums) {
  if (matrix.panels) {
    panel_kernels().integer_product(panels(matrix), from_row(source, first), rows, sums, panel_scratch(context, matrix, rows));
  } else {
    const ProductKey key{matrix.outputs, matrix.inputs, rows, CDNN_U8, CDNN_F32, CDNN_NONE, false, false};
    execute_rows(context, matrix, key, row(source, first), sums);
  }
}

void multiply_rows(cdnn_context &context, const cdnn_matrix &matrix, const cdnn_rows &source, int64_t rows,
                   const cdnn_rows &destination, cdnn_activation activation, bool accumulate) {
  const int64_t block = rows_at_once(matrix, rows);
  for (int64_t r = 0; r < rows; r += block) {
    const int64_t n = std::min(block, rows - r);
    if (matrix.format == CDNN_U8) {
      int32_t *sums = context.integer_product.reserve<int32_t>(block * matrix.outputs);
      integer_sums(context, matrix, source, r, n, sums);
      row_kernels().finish_integer_product(sums, n, matrix.outputs, source.scale + r, source.zero + r, matrix.scale.get(),
                                           matrix.sum.get(), matrix.plain_bias.get(), activation, accumulate, destination, r,
                                           context.row.reserve<float>(matrix.outputs + 64));
    } else if (matrix.panels) {
      panel_kernels().product(panels(matrix), from_row(source, r), n, from_row(destination, r), activation, accumulate,
                              panel_scratch(context, matrix, n));
    } else {
      const ProductKey key{matrix.outputs,     matrix.inputs, n,               matrix.format,
                           destination.format, activation,    matrix.has_bias, accumulate};
      execute_rows(context, matrix, key, row(source, r), row(destination, r));
    }
  }
}

}  // namespace
}  // namespace cdnn

void cdnn_use_calling_thread_only(void) {
  // Looked up at run time: oneDNN may be built on GNU's or LLVM's OpenMP, or on neither.
  using Setter = void (*)(int);
  static const Setter set_threads = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set_threads) set_threads(1);
}

void cdnn_version(char *text, int length) {
  const dnnl_version_t *version = dnnl_version();
  std::snprintf(text, length, "%d.%d.%d", version->major, version->minor, version->patch);
}

int cdnn_context_create(cdnn_context **result, char *error) {
  try {
    *result = new cdnn_context{dnnl::stream(cdnn::engine())};
    return 0;
  } catch (const std::exception &e) {
    cdnn::write_error(error, "starting oneDNN", e.what());
    return 1;
  }
}

void cdnn_context_destroy(cdnn_context *context) { delete context; }

int cdnn_linear(cdnn_context *context, const cdnn_matrix *matrix, cdnn_rows source, int64_t rows, cdnn_rows destination,
                cdnn_activation activation, bool accumulate, char *error) {
  using namespace cdnn;
  return over_rows(context, rows, matrix->outputs * matrix->inputs, error, [&](cdnn_context *context, int64_t first, int64_t rows, char *error) {
    try {
      multiply_rows(*context, *matrix, from_row(source, first), rows, from_row(destination, first), activation, accumulate);
      return 0;
    } catch (const std::exception &e) {
      write_error(error, "matrix product", e.what());
      return 1;
    }
  });
}
