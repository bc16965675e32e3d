// The row operations, compiled once per instruction set from RowKernelsBody.h.
#pragma once

#include <cstdint>

#include "COneDNN.h"

namespace cdnn {

struct RowKernels {
  void (*layer_norm)(const float *source, int64_t rows, const float *weight, const float *bias, float epsilon,
                     cdnn_rows destination, float *scratch);
  void (*convert_rows)(const float *source, int64_t rows, cdnn_rows destination);
  /// What follows an integer product: scales, zero points, bias, activation, and the residual or the destination's format.
  void (*finish_integer_product)(const int32_t *product, int64_t rows, int64_t columns, const float *row_scale,
                                 const float *row_zero, const float *weight_scale, const float *weight_sum,
                                 const float *bias, cdnn_activation activation, bool accumulate, cdnn_rows destination,
                                 int64_t destination_row, float *scratch);
  /// Floats of scratch that `attention` needs.
  int64_t (*attention_scratch)(int64_t keys, int64_t width);
  void (*attention)(const float *q, int64_t q_stride, int64_t queries, const float *k, const float *v, int64_t kv_stride,
                    int64_t keys, int64_t heads, int64_t width, float *out, float *scratch);
  void (*attention_over)(const float *q, const float *k, const float *v, int64_t kv_stride, const int32_t *indices,
                         int64_t keys, int64_t heads, int64_t width, float *out, float *scratch);
  void (*rotate)(float *values, int64_t stride, int64_t rows, int64_t heads, int64_t width, const float *cosines,
                 const float *sines, const int32_t *places);
  void (*gate)(const float *source, int64_t rows, int64_t columns, float *destination);
};

}  // namespace cdnn
