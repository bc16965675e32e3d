#include <cstring>

#include "Context.h"
#include "InstructionSet.h"
#include "Team.h"

using cdnn::from_row;
using cdnn::over_rows;
using cdnn::row_kernels;

namespace {

// Where attention leaves its f32 rows: the destination itself if it is f32, else scratch to convert from.
float *attention_target(cdnn_context *context, const cdnn_rows &destination, int64_t row, int64_t rows) {
  if (destination.format == CDNN_F32) return static_cast<float *>(destination.values) + row * destination.columns;
  return context->attention_rows.reserve<float>(rows * destination.columns);
}

}  // namespace

int cdnn_layer_norm(cdnn_context *context, const float *source, int64_t rows, const float *weight, const float *bias,
                    float epsilon, cdnn_rows destination) {
  // Memory's speed, not the processor's, decides how long it takes.
  constexpr int64_t value_work = 8;
  return over_rows(context, rows, value_work * destination.columns, nullptr, [&](cdnn_context *context, int64_t first, int64_t rows, char *) {
    try {
      // Where a row stands before it is converted.
      float *scratch = destination.format == CDNN_F32 ? nullptr : context->row.reserve<float>(destination.columns + 64);
      row_kernels().layer_norm(source + first * destination.columns, rows, weight, bias, epsilon, from_row(destination, first),
                               scratch);
      return 0;
    } catch (const std::bad_alloc &) {
      return 1;
    }
  });
}

void cdnn_convert_rows(const float *source, int64_t rows, cdnn_rows destination) {
  row_kernels().convert_rows(source, rows, destination);
}

int cdnn_attention(cdnn_context *context, const float *q, int64_t q_stride, int64_t queries, const float *k,
                   const float *v, int64_t kv_stride, int64_t keys, int64_t heads, int64_t width, cdnn_rows destination,
                   int64_t destination_row) {
  return over_rows(context, queries, 2 * keys * heads * width, nullptr, [&](cdnn_context *context, int64_t first, int64_t queries, char *) {
    try {
      float *scratch = context->attention_scratch.reserve<float>(row_kernels().attention_scratch(keys, width));
      float *out = attention_target(context, destination, destination_row + first, queries);
      row_kernels().attention(q + first * q_stride, q_stride, queries, k, v, kv_stride, keys, heads, width, out, scratch);
      if (destination.format != CDNN_F32) cdnn_convert_rows(out, queries, from_row(destination, destination_row + first));
      return 0;
    } catch (const std::bad_alloc &) {
      return 1;
    }
  });
}

int cdnn_attention_over(cdnn_context *context, const float *q, const float *k, const float *v, int64_t kv_stride,
                        const int32_t *indices, int64_t keys, int64_t heads, int64_t width, cdnn_rows destination,
                        int64_t destination_row) {
  try {
    float *scratch = context->attention_scratch.reserve<float>(keys + 64);
    float *out = attention_target(context, destination, destination_row, 1);
    row_kernels().attention_over(q, k, v, kv_stride, indices, keys, heads, width, out, scratch);
    if (destination.format != CDNN_F32) cdnn_convert_rows(out, 1, from_row(destination, destination_row));
    return 0;
  } catch (const std::bad_alloc &) {
    return 1;
  }
}

void cdnn_rotate(cdnn_context *context, float *values, int64_t stride, int64_t rows, int64_t heads, int64_t width,
                 const float *cosines, const float *sines, const int32_t *places) {
  over_rows(context, rows, 4 * heads * width, nullptr, [&](cdnn_context *, int64_t first, int64_t rows, char *) {
    row_kernels().rotate(values + first * stride, stride, rows, heads, width, cosines, sines, places + first);
    return 0;
  });
}

void cdnn_gate(cdnn_context *context, const float *source, int64_t rows, int64_t columns, float *destination) {
  // An exponential and a quotient a value.
  over_rows(context, rows, 16 * columns, nullptr, [&](cdnn_context *, int64_t first, int64_t rows, char *) {
    row_kernels().gate(source + 2 * first * columns, rows, columns, destination + first * columns);
    return 0;
  });
}

void cdnn_bf16_to_f32(const uint16_t *source, float *destination, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const uint32_t bits = static_cast<uint32_t>(source[i]) << 16;
    std::memcpy(destination + i, &bits, 4);
  }
}

void cdnn_f16_to_f32(const uint16_t *source, float *destination, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const uint32_t half = source[i];
    // The exponent's bias differs by 112; the product also makes subnormal halves normal.
    uint32_t bits = (half & 0x7fffu) << 13;
    float value;
    std::memcpy(&value, &bits, 4);
    value *= 0x1p112f;
    std::memcpy(&bits, &value, 4);
    bits |= (half & 0x7c00u) == 0x7c00u ? 0x7f800000u : 0u;
    bits |= (half & 0x8000u) << 16;
    std::memcpy(destination + i, &bits, 4);
  }
}
