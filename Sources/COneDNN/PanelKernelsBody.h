// Included after RowKernelsBody.h, once per instruction set, with CDNN_MULTIPLY_PAIRS defined: the sums of the products of two
// registers' neighbouring 16-bit integers.
//
// The loops are those of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008): a block of the
// rows stays in the second-level cache, a block of a panel in the first, and sums of `tile_rows` by `panel` in registers. A
// row's sums run over its inputs in one order, whatever the number of rows.

namespace cdnn {
namespace CDNN_NAMESPACE {

constexpr int64_t tile_rows = 6;
/// Steps of a panel that stay in the first-level cache: 16 KiB with 16 columns.
constexpr int64_t step_block = 256;

/// f32 values; a step is one input.
struct Reals {
  using Value = float;
  using Register = Vec;
  static constexpr int64_t inputs_per_step = 1;
  CDNN_INLINE Register add_product(Value x, Register y, Register total) { return fma(splat(x), y, total); }
  CDNN_INLINE Register get(const Value *p) { return load(p); }
  CDNN_INLINE void put(Value *p, Register x) { store(p, x); }
};

/// 16-bit integers; a step is two inputs in one 32-bit value, the first in its lower half.
struct Pairs {
  using Value = int32_t;
  using Register = Int;
  static constexpr int64_t inputs_per_step = 2;
  CDNN_INLINE Register add_product(Value x, Register y, Register total) { return total + CDNN_MULTIPLY_PAIRS(Int{} + x, y); }
  CDNN_INLINE Register get(const Value *p) { return *reinterpret_cast<const Int *>(p); }
  CDNN_INLINE void put(Value *p, Register x) { *reinterpret_cast<Int *>(p) = x; }
};

/// sums [R, panel] (+)= a [steps, R] * b [steps, panel]. With `fetching`, as many values from `next` on are on their way to the
/// cache afterwards.
template <typename Kind, int R, bool fetching>
CDNN_INLINE void multiply_tile(const typename Kind::Value *a, const typename Kind::Value *b, int64_t steps,
                               typename Kind::Value *sums, bool first, const typename Kind::Value *next) {
  typename Kind::Register left[R], right[R];
  for (int r = 0; r < R; r++) left[r] = right[r] = typename Kind::Register{};
  for (int64_t k = 0; k < steps; k++) {
    if (fetching)
      for (int64_t i = 0; i < panel; i += 64 / sizeof *next) __builtin_prefetch(next + k * panel + i, 0, 2);
    const auto b0 = Kind::get(b + k * panel), b1 = Kind::get(b + k * panel + lanes);
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      left[r] = Kind::add_product(a[k * R + r], b0, left[r]);
      right[r] = Kind::add_product(a[k * R + r], b1, right[r]);
    }
  }
  // Each block of steps is summed by itself: rounding errors grow with the length of a sum.
  for (int r = 0; r < R; r++) {
    typename Kind::Value *total = sums + r * panel;
    Kind::put(total, first ? left[r] : Kind::get(total) + left[r]);
    Kind::put(total + lanes, first ? right[r] : Kind::get(total + lanes) + right[r]);
  }
}

/// sums [rows, panel] (+)= a * b, where a holds its rows in tiles: [rows / tile_rows, steps, tile_rows], the last one narrower.
template <typename Kind>
static void multiply_panel(const typename Kind::Value *a, int64_t rows, const typename Kind::Value *b, int64_t steps,
                           typename Kind::Value *sums, bool first, const typename Kind::Value *next) {
  int64_t r = 0;
  for (; r + tile_rows <= rows; r += tile_rows) {
    if (r == 0)
      multiply_tile<Kind, tile_rows, true>(a, b, steps, sums, first, next);
    else
      multiply_tile<Kind, tile_rows, false>(a + r * steps, b, steps, sums + r * panel, first, next);
  }
  a += r * steps;
  sums += r * panel;
  switch (rows - r) {
    case 1: multiply_tile<Kind, 1, false>(a, b, steps, sums, first, next); break;
    case 2: multiply_tile<Kind, 2, false>(a, b, steps, sums, first, next); break;
    case 3: multiply_tile<Kind, 3, false>(a, b, steps, sums, first, next); break;
    case 4: multiply_tile<Kind, 4, false>(a, b, steps, sums, first, next); break;
    case 5: multiply_tile<Kind, 5, false>(a, b, steps, sums, first, next); break;
    default: break;
  }
}

CDNN_INLINE void read_steps(const float *x, int64_t inputs, int64_t steps, float *out, int64_t stride) {
  for (int64_t k = 0; k < steps; k++) out[k * stride] = x[k];
}

CDNN_INLINE void read_steps(const uint16_t *x, int64_t inputs, int64_t steps, float *out, int64_t stride) {
  for (int64_t k = 0; k < steps; k++) {
    const uint32_t bits = static_cast<uint32_t>(x[k]) << 16;
    memcpy(out + k * stride, &bits, 4);
  }
}

CDNN_INLINE void read_steps(const uint8_t *x, int64_t inputs, int64_t steps, int32_t *out, int64_t stride) {
  const int64_t whole = inputs / 2 < steps ? inputs / 2 : steps;
  for (int64_t k = 0; k < whole; k++) out[k * stride] = x[2 * k] | x[2 * k + 1] << 16;
  if (whole < steps) out[whole * stride] = x[2 * whole];
}

/// Puts `steps` steps of each row, from step `from` on, into tiles.
template <typename Kind, typename Source>
static void fill_tiles(const Source *source, int64_t columns, int64_t rows, int64_t from, int64_t steps,
                       typename Kind::Value *tiles) {
  const int64_t skipped = from * Kind::inputs_per_step;
  for (int64_t r = 0; r < rows; r++) {
    const int64_t tile = r / tile_rows * tile_rows;
    const int64_t height = rows - tile < tile_rows ? rows - tile : tile_rows;
    read_steps(source + r * columns + skipped, columns - skipped, steps, tiles + tile * steps + (r - tile), height);
  }
}

CDNN_INLINE int64_t panel_count(const Panels &panels) { return (panels.outputs + panel - 1) / panel; }

/// Calls `finished(panel, sums)` with the sums [rows, panel] of each panel.
template <typename Kind, typename Source, typename Finished>
CDNN_INLINE void multiply_panels(const Panels &panels, const Source *source, int64_t rows, void *scratch, Finished finished) {
  using Value = typename Kind::Value;
  Value *tiles = static_cast<Value *>(scratch);
  Value *sums = tiles + rows * step_block;
  const Value *weights = static_cast<const Value *>(panels.values);
  for (int64_t from = 0; from < panels.steps; from += step_block) {
    const int64_t steps = panels.steps - from < step_block ? panels.steps - from : step_block;
    fill_tiles<Kind>(source, panels.inputs, rows, from, steps, tiles);
    for (int64_t p = 0; p < panel_count(panels); p++) {
      Value *mine = sums + p * rows * panel;
      const Value *block = weights + (p * panels.steps + from) * panel;
      const Value *next = block + panels.steps * panel;
      multiply_panel<Kind>(tiles, rows, block, steps, mine, from == 0, next);
      if (from + steps == panels.steps) finished(p, mine);
    }
  }
}

static int64_t panel_scratch_bytes(const Panels &panels, int64_t rows) {
  return 4 * rows * (step_block + panel_count(panels) * panel);
}

CDNN_INLINE void put_columns(const float *x, int64_t columns, float *out) {
  if (columns == panel) {
    store(out, load(x));
    store(out + lanes, load(x + lanes));
  } else {
    for (int64_t i = 0; i < columns; i++) out[i] = x[i];
  }
}

/// Bias, activation, residual and format of one panel's sums.
template <cdnn_activation activation>
static void finish_panel(const Panels &panels, int64_t p, const float *sums, int64_t rows, cdnn_rows destination,
                         bool accumulate) {
  const int64_t first = p * panel, left = panels.outputs - first, columns = left < panel ? left : panel;
  const Vec b0 = load(panels.bias + first), b1 = load(panels.bias + first + lanes);
  for (int64_t r = 0; r < rows; r++) {
    float y[panel];
    store(y, activate<activation>(load(sums + r * panel) + b0));
    store(y + lanes, activate<activation>(load(sums + r * panel + lanes) + b1));
    const int64_t at = r * destination.columns + first;
    if (destination.format == CDNN_BF16) {
      store_bf16(y, columns, static_cast<uint16_t *>(destination.values) + at);
      continue;
    }
    float *out = static_cast<float *>(destination.values) + at;
    if (accumulate)
      for (int64_t i = 0; i < columns; i++) y[i] += out[i];
    put_columns(y, columns, out);
  }
}

template <typename Source>
CDNN_INLINE void product_from(const Panels &panels, const Source *source, int64_t rows, cdnn_rows destination,
                              cdnn_activation activation, bool accumulate, void *scratch) {
  multiply_panels<Reals>(panels, source, rows, scratch, [&](int64_t p, const float *sums) {
    switch (activation) {
      case CDNN_NONE: finish_panel<CDNN_NONE>(panels, p, sums, rows, destination, accumulate); break;
      case CDNN_QUICK_GELU: finish_panel<CDNN_QUICK_GELU>(panels, p, sums, rows, destination, accumulate); break;
      case CDNN_GELU_ERF: finish_panel<CDNN_GELU_ERF>(panels, p, sums, rows, destination, accumulate); break;
      case CDNN_GELU_TANH: finish_panel<CDNN_GELU_TANH>(panels, p, sums, rows, destination, accumulate); break;
    }
  });
}

static void panel_product(const Panels &panels, cdnn_rows source, int64_t rows, cdnn_rows destination,
                          cdnn_activation activation, bool accumulate, void *scratch) {
  if (source.format == CDNN_BF16)
    product_from(panels, static_cast<const uint16_t *>(source.values), rows, destination, activation, accumulate, scratch);
  else
    product_from(panels, static_cast<const float *>(source.values), rows, destination, activation, accumulate, scratch);
}

static void panel_integer_product(const Panels &panels, cdnn_rows source, int64_t rows, int32_t *sums, void *scratch) {
  multiply_panels<Pairs>(panels, static_cast<const uint8_t *>(source.values), rows, scratch, [&](int64_t p, const int32_t *mine) {
    const int64_t first = p * panel, left = panels.outputs - first, columns = left < panel ? left : panel;
    for (int64_t r = 0; r < rows; r++) memcpy(sums + r * panels.outputs + first, mine + r * panel, columns * sizeof(int32_t));
  });
}

constexpr PanelKernels panel_products = {panel, tile_rows, panel_scratch_bytes, panel_product, panel_integer_product};

}  // namespace CDNN_NAMESPACE
}  // namespace cdnn
