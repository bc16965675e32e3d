// Matrix products with weights in panels, compiled once per instruction set from PanelKernelsBody.h. They serve processors
// without AVX-512: there oneDNN sums a row in another order when other rows are computed with it.
#pragma once

#include <cstdint>

#include "COneDNN.h"

namespace cdnn {

/// Weights `[outputs, inputs]` as panels of `width` outputs, zeros beyond the last: `[panels, steps, width]` of 32 bits each.
/// A step is one f32 input, or two 16-bit integer inputs.
struct Panels {
  int64_t outputs, inputs, width, steps;
  const void *values;
  /// `[panels * width]`, zeros where there is no bias. Unused by integer products.
  const float *bias;
};

struct PanelKernels {
  /// Outputs of a panel, and rows of a tile.
  int64_t width, tile_rows;
  /// Bytes of scratch that products of `rows` rows need.
  int64_t (*scratch_bytes)(const Panels &panels, int64_t rows);
  /// destination = activation(source * weightsᵀ + bias), or destination += it. The source is CDNN_F32 or CDNN_BF16.
  void (*product)(const Panels &panels, cdnn_rows source, int64_t rows, cdnn_rows destination, cdnn_activation activation,
                  bool accumulate, void *scratch);
  /// sums `[rows, outputs]` = source * weightsᵀ in whole numbers. The source is CDNN_U8.
  void (*integer_product)(const Panels &panels, cdnn_rows source, int64_t rows, int32_t *sums, void *scratch);
};

}  // namespace cdnn
