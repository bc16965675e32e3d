// Included once per instruction set, with CDNN_NAMESPACE, CDNN_LANES (floats per register), CDNN_BLOCK_ROWS (rows whose
// accumulators fit the registers) and CDNN_FUSED (whether a product and a sum are one instruction) defined. Sums run in one
// fixed order per row, so a row's result does not depend on which rows surround it.

#include <cmath>
#include <cstring>

namespace cdnn {
namespace CDNN_NAMESPACE {

constexpr int64_t lanes = CDNN_LANES;
constexpr int64_t block_rows = CDNN_BLOCK_ROWS;
constexpr int64_t panel = 2 * lanes;  // columns of one product block

typedef float Vec __attribute__((vector_size(CDNN_LANES * 4), aligned(4)));
typedef int32_t Int __attribute__((vector_size(CDNN_LANES * 4), aligned(4)));
typedef uint32_t Bits __attribute__((vector_size(CDNN_LANES * 4), aligned(4)));
typedef uint8_t Bytes __attribute__((vector_size(CDNN_LANES), aligned(1)));
typedef uint16_t Halves __attribute__((vector_size(CDNN_LANES * 2), aligned(2)));

#define CDNN_INLINE static inline __attribute__((always_inline))

CDNN_INLINE Vec load(const float *p) { return *reinterpret_cast<const Vec *>(p); }
CDNN_INLINE void store(float *p, Vec v) { *reinterpret_cast<Vec *>(p) = v; }
// Less zero: adding it would be an instruction, since 0 + -0 is 0.
CDNN_INLINE Vec splat(float x) { return x - Vec{}; }
#if CDNN_FUSED
CDNN_INLINE Vec fma(Vec a, Vec b, Vec c) { return __builtin_elementwise_fma(a, b, c); }
#else
CDNN_INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
#endif
CDNN_INLINE Vec larger(Vec a, Vec b) { return __builtin_elementwise_max(a, b); }
CDNN_INLINE Vec smaller(Vec a, Vec b) { return __builtin_elementwise_min(a, b); }

CDNN_INLINE float sum(Vec v) {
  float s[lanes];
  store(s, v);
  for (int64_t n = lanes / 2; n > 0; n /= 2)
    for (int64_t i = 0; i < n; i++) s[i] += s[i + n];
  return s[0];
}

CDNN_INLINE float largest(Vec v) {
  float m = v[0];
  for (int64_t i = 1; i < lanes; i++) m = v[i] > m ? v[i] : m;
  return m;
}

CDNN_INLINE float smallest(Vec v) {
  float m = v[0];
  for (int64_t i = 1; i < lanes; i++) m = v[i] < m ? v[i] : m;
  return m;
}

// Adding 1.5 * 2^23 rounds |x| < 2^22 to the nearest integer in the current (to even) mode.
CDNN_INLINE Vec nearest(Vec x) {
  const Vec magic = splat(12582912.0f);
  Vec shifted = x + magic;
  return shifted - magic;
}

// e^x by 2^n e^r with |r| <= ln2/2 and the Cephes polynomial for e^r; relative error about 1e-7.
CDNN_INLINE Vec exponential(Vec x) {
  x = smaller(larger(x, splat(-87.0f)), splat(88.0f));
  Vec n = nearest(x * splat(1.44269504088896341f));
  Vec r = fma(n, splat(-0.693359375f), x);
  r = fma(n, splat(2.12194440e-4f), r);
  Vec p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  p = fma(p, r * r, r + splat(1.0f));
  Int exponent = (__builtin_convertvector(n, Int) + 127) << 23;
  Vec scale;
  memcpy(&scale, &exponent, sizeof scale);
  return p * scale;
}

CDNN_INLINE Vec sigmoid(Vec x) { return splat(1.0f) / (splat(1.0f) + exponential(-x)); }

// Abramowitz and Stegun 7.1.26, absolute error 1.5e-7.
CDNN_INLINE Vec normal_distribution(Vec x) {
  Vec z = larger(x, -x) * splat(0.70710678f);
  Vec t = splat(1.0f) / fma(splat(0.3275911f), z, splat(1.0f));
  Vec p = splat(1.061405429f);
  p = fma(p, t, splat(-1.453152027f));
  p = fma(p, t, splat(1.421413741f));
  p = fma(p, t, splat(-0.284496736f));
  p = fma(p, t, splat(0.254829592f));
  Vec tail = splat(0.5f) * p * t * exponential(-z * z);
  return x > splat(0.0f) ? splat(1.0f) - tail : tail;
}

template <cdnn_activation activation>
CDNN_INLINE Vec activate(Vec x) {
  if (activation == CDNN_QUICK_GELU) return x * sigmoid(splat(1.702f) * x);
  if (activation == CDNN_GELU_ERF) return x * normal_distribution(x);
  if (activation == CDNN_GELU_TANH) {
    // (1 + tanh u) / 2 = sigmoid(2u)
    Vec cubic = fma(x * x * x, splat(0.044715f), x);
    return x * sigmoid(splat(2 * 0.7978845608f) * cubic);
  }
  return x;
}

CDNN_INLINE uint16_t bf16_from(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static void store_bf16(const float *x, int64_t columns, uint16_t *out) {
  int64_t i = 0;
  for (; i + lanes <= columns; i += lanes) {
    Vec v = load(x + i);
    Bits bits;
    memcpy(&bits, &v, sizeof bits);
    bits = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    *reinterpret_cast<Halves *>(out + i) = __builtin_convertvector(bits, Halves);
  }
  for (; i < columns; i++) out[i] = bf16_from(x[i]);
}

// Unsigned 8-bit with the row's own range, zero included so that it is stored exactly.
static void store_u8(const float *x, int64_t columns, uint8_t *out, float *scale, float *zero) {
  float low = 0, high = 0;
  Vec lows = splat(0), highs = splat(0);
  int64_t i = 0;
  for (; i + lanes <= columns; i += lanes) {
    Vec v = load(x + i);
    lows = smaller(lows, v);
    highs = larger(highs, v);
  }
  low = smallest(lows);
  high = largest(highs);
  for (; i < columns; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  float step = (high - low) / 255.0f;
  if (!(step > 1e-30f)) step = 1e-30f;
  float inverse = 1.0f / step;
  float origin = std::nearbyint(-low * inverse);
  *scale = step;
  *zero = origin;
  i = 0;
  for (; i + lanes <= columns; i += lanes) {
    Vec v = nearest(load(x + i) * splat(inverse)) + splat(origin);
    v = smaller(larger(v, splat(0.0f)), splat(255.0f));
    *reinterpret_cast<Bytes *>(out + i) = __builtin_convertvector(__builtin_convertvector(v, Int), Bytes);
  }
  for (; i < columns; i++) {
    float v = std::nearbyint(x[i] * inverse) + origin;
    v = v < 0 ? 0 : v > 255 ? 255 : v;
    out[i] = static_cast<uint8_t>(v);
  }
}

CDNN_INLINE void store_row(const float *x, cdnn_rows destination, int64_t row) {
  int64_t columns = destination.columns;
  switch (destination.format) {
    case CDNN_F32: {
      float *out = static_cast<float *>(destination.values) + row * columns;
      if (out != x) memcpy(out, x, columns * sizeof(float));
      break;
    }
    case CDNN_BF16:
      store_bf16(x, columns, static_cast<uint16_t *>(destination.values) + row * columns);
      break;
    case CDNN_U8:
      store_u8(x, columns, static_cast<uint8_t *>(destination.values) + row * columns, destination.scale + row,
               destination.zero + row);
      break;
  }
}

static void convert_rows(const float *source, int64_t rows, cdnn_rows destination) {
  for (int64_t r = 0; r < rows; r++) store_row(source + r * destination.columns, destination, r);
}

static void layer_norm(const float *source, int64_t rows, const float *weight, const float *bias, float epsilon,
                       cdnn_rows destination, float *scratch) {
  const int64_t columns = destination.columns;
  const int64_t whole = columns / lanes * lanes;
  for (int64_t r = 0; r < rows; r++) {
    const float *x = source + r * columns;
    float *y = destination.format == CDNN_F32 ? static_cast<float *>(destination.values) + r * columns : scratch;
    Vec total = splat(0);
    for (int64_t i = 0; i < whole; i += lanes) total += load(x + i);
    float mean = sum(total);
    for (int64_t i = whole; i < columns; i++) mean += x[i];
    mean /= columns;
    Vec squares = splat(0);
    for (int64_t i = 0; i < whole; i += lanes) {
      Vec d = load(x + i) - splat(mean);
      squares = fma(d, d, squares);
    }
    float variance = sum(squares);
    for (int64_t i = whole; i < columns; i++) variance += (x[i] - mean) * (x[i] - mean);
    variance /= columns;
    const float inverse = 1.0f / std::sqrt(variance + epsilon);
    for (int64_t i = 0; i < whole; i += lanes)
      store(y + i, fma((load(x + i) - splat(mean)) * splat(inverse), load(weight + i), load(bias + i)));
    for (int64_t i = whole; i < columns; i++) y[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
    if (destination.format != CDNN_F32) store_row(y, destination, r);
  }
}

template <cdnn_activation activation>
static void finish_row(const int32_t *product, int64_t columns, float row_scale, float row_zero,
                       const float *weight_scale, const float *weight_sum, const float *bias, float *y) {
  int64_t i = 0;
  for (; i + lanes <= columns; i += lanes) {
    Vec x = __builtin_convertvector(*reinterpret_cast<const Int *>(product + i), Vec);
    x = fma(splat(-row_zero), load(weight_sum + i), x);
    Vec offset = bias ? load(bias + i) : splat(0);
    store(y + i, activate<activation>(fma(x * splat(row_scale), load(weight_scale + i), offset)));
  }
  for (; i < columns; i++) {
    float x = (static_cast<float>(product[i]) - row_zero * weight_sum[i]) * row_scale * weight_scale[i];
    y[i] = activate<activation>(splat(x + (bias ? bias[i] : 0)))[0];
  }
}

static void finish_integer_product(const int32_t *product, int64_t rows, int64_t columns, const float *row_scale,
                                   const float *row_zero, const float *weight_scale, const float *weight_sum,
                                   const float *bias, cdnn_activation activation, bool accumulate,
                                   cdnn_rows destination, int64_t destination_row, float *scratch) {
  for (int64_t r = 0; r < rows; r++) {
    const int32_t *p = product + r * columns;
    float *target = destination.format == CDNN_F32
                        ? static_cast<float *>(destination.values) + (destination_row + r) * columns
                        : scratch;
    float *y = accumulate ? scratch : target;
    switch (activation) {
      case CDNN_NONE:
        finish_row<CDNN_NONE>(p, columns, row_scale[r], row_zero[r], weight_scale, weight_sum, bias, y);
        break;
      case CDNN_QUICK_GELU:
        finish_row<CDNN_QUICK_GELU>(p, columns, row_scale[r], row_zero[r], weight_scale, weight_sum, bias, y);
        break;
      case CDNN_GELU_ERF:
        finish_row<CDNN_GELU_ERF>(p, columns, row_scale[r], row_zero[r], weight_scale, weight_sum, bias, y);
        break;
      case CDNN_GELU_TANH:
        finish_row<CDNN_GELU_TANH>(p, columns, row_scale[r], row_zero[r], weight_scale, weight_sum, bias, y);
        break;
    }
    if (accumulate) {
      for (int64_t i = 0; i < columns; i++) target[i] += y[i];
    } else if (destination.format != CDNN_F32) {
      store_row(y, destination, destination_row + r);
    }
  }
}

// c[R, panel] = a[R, depth] * b[depth, panel]
template <int R>
CDNN_INLINE void multiply(const float *a, int64_t a_stride, const float *b, int64_t b_stride, int64_t depth, float *c,
                          int64_t c_stride) {
  Vec left[R], right[R];
  for (int r = 0; r < R; r++) left[r] = right[r] = splat(0);
  for (int64_t k = 0; k < depth; k++) {
    const Vec b0 = load(b + k * b_stride), b1 = load(b + k * b_stride + lanes);
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      const Vec x = splat(a[r * a_stride + k]);
      left[r] = fma(x, b0, left[r]);
      right[r] = fma(x, b1, right[r]);
    }
  }
  for (int r = 0; r < R; r++) {
    store(c + r * c_stride, left[r]);
    store(c + r * c_stride + lanes, right[r]);
  }
}

static void multiply_rows(int64_t rows, const float *a, int64_t a_stride, const float *b, int64_t b_stride, int64_t depth,
                          int64_t columns, float *c, int64_t c_stride) {
  for (int64_t j = 0; j < columns; j += panel) {
    int64_t r = 0;
    for (; r + block_rows <= rows; r += block_rows)
      multiply<block_rows>(a + r * a_stride, a_stride, b + j, b_stride, depth, c + r * c_stride + j, c_stride);
    for (; r + 2 <= rows; r += 2)
      multiply<2>(a + r * a_stride, a_stride, b + j, b_stride, depth, c + r * c_stride + j, c_stride);
    for (; r < rows; r++)
      multiply<1>(a + r * a_stride, a_stride, b + j, b_stride, depth, c + r * c_stride + j, c_stride);
  }
}

CDNN_INLINE int64_t padded(int64_t n) { return (n + panel - 1) / panel * panel; }

// Exponentials of s[0..<keys] less their maximum, in place; returns their sum. `s` has room up to padded(keys).
CDNN_INLINE float exponentials(float *s, int64_t keys) {
  const int64_t room = (keys + lanes - 1) / lanes * lanes;
  for (int64_t i = keys; i < room; i++) s[i] = -1e30f;
  Vec top = load(s);
  for (int64_t i = lanes; i < room; i += lanes) top = larger(top, load(s + i));
  const Vec shift = splat(largest(top));
  Vec total = splat(0);
  for (int64_t i = 0; i < room; i += lanes) {
    Vec e = exponential(load(s + i) - shift);
    store(s + i, e);
    total += e;
  }
  return sum(total);
}

constexpr int64_t query_block = 4 * block_rows;

static int64_t attention_scratch(int64_t keys, int64_t width) {
  return width * padded(keys) + keys * padded(width) + query_block * (padded(keys) + padded(width));
}

static void attention(const float *q, int64_t q_stride, int64_t queries, const float *k, const float *v,
                      int64_t kv_stride, int64_t keys, int64_t heads, int64_t width, float *out, float *scratch) {
  const int64_t key_room = padded(keys), width_room = padded(width), out_stride = heads * width;
  float *transposed = scratch;                      // kᵀ  [width, key_room]
  float *values = transposed + width * key_room;    // v   [keys, width_room]
  float *scores = values + keys * width_room;       // q kᵀ [query_block, key_room]
  float *mixed = scores + query_block * key_room;   // [query_block, width_room]
  for (int64_t h = 0; h < heads; h++) {
    const float *kh = k + h * width, *vh = v + h * width, *qh = q + h * width;
    for (int64_t j0 = 0; j0 < keys; j0 += lanes) {
      const int64_t j1 = j0 + lanes < keys ? j0 + lanes : keys;
      for (int64_t c = 0; c < width; c++)
        for (int64_t j = j0; j < j1; j++) transposed[c * key_room + j] = kh[j * kv_stride + c];
    }
    for (int64_t c = 0; c < width; c++)
      for (int64_t j = keys; j < key_room; j++) transposed[c * key_room + j] = 0;
    for (int64_t j = 0; j < keys; j++) {
      memcpy(values + j * width_room, vh + j * kv_stride, width * sizeof(float));
      for (int64_t c = width; c < width_room; c++) values[j * width_room + c] = 0;
    }
    for (int64_t i0 = 0; i0 < queries; i0 += query_block) {
      const int64_t n = queries - i0 < query_block ? queries - i0 : query_block;
      multiply_rows(n, qh + i0 * q_stride, q_stride, transposed, key_room, width, key_room, scores, key_room);
      float inverse[query_block];
      for (int64_t i = 0; i < n; i++) inverse[i] = 1.0f / exponentials(scores + i * key_room, keys);
      multiply_rows(n, scores, key_room, values, width_room, keys, width_room, mixed, width_room);
      for (int64_t i = 0; i < n; i++) {
        float *o = out + (i0 + i) * out_stride + h * width;
        for (int64_t c = 0; c < width; c++) o[c] = mixed[i * width_room + c] * inverse[i];
      }
    }
  }
}

static void attention_over(const float *q, const float *k, const float *v, int64_t kv_stride, const int32_t *indices,
                           int64_t keys, int64_t heads, int64_t width, float *out, float *scores) {
  const int64_t whole = width / lanes * lanes;
  for (int64_t h = 0; h < heads; h++) {
    const float *qh = q + h * width;
    for (int64_t j = 0; j < keys; j++) {
      const float *kj = k + indices[j] * kv_stride + h * width;
      Vec total = splat(0);
      for (int64_t c = 0; c < whole; c += lanes) total = fma(load(qh + c), load(kj + c), total);
      float score = sum(total);
      for (int64_t c = whole; c < width; c++) score += qh[c] * kj[c];
      scores[j] = score;
    }
    const float inverse = 1.0f / exponentials(scores, keys);
    float *o = out + h * width;
    for (int64_t c = 0; c < width; c++) o[c] = 0;
    for (int64_t j = 0; j < keys; j++) {
      const float *vj = v + indices[j] * kv_stride + h * width;
      const float p = scores[j] * inverse;
      for (int64_t c = 0; c < whole; c += lanes) store(o + c, fma(splat(p), load(vj + c), load(o + c)));
      for (int64_t c = whole; c < width; c++) o[c] += p * vj[c];
    }
  }
}

// Column i of a head's first half and column i of its second are a point, which is turned by the angle of the row's place.
static void rotate(float *values, int64_t stride, int64_t rows, int64_t heads, int64_t width, const float *cosines,
                   const float *sines, const int32_t *places) {
  const int64_t half = width / 2, whole = half / lanes * lanes;
  for (int64_t r = 0; r < rows; r++) {
    if (places[r] < 0) continue;
    const float *c = cosines + places[r] * half, *s = sines + places[r] * half;
    for (int64_t h = 0; h < heads; h++) {
      float *x = values + r * stride + h * width, *y = x + half;
      for (int64_t i = 0; i < whole; i += lanes) {
        const Vec a = load(x + i), b = load(y + i);
        store(x + i, fma(a, load(c + i), -(b * load(s + i))));
        store(y + i, fma(b, load(c + i), a * load(s + i)));
      }
      for (int64_t i = whole; i < half; i++) {
        const float a = x[i], b = y[i];
        x[i] = a * c[i] - b * s[i];
        y[i] = b * c[i] + a * s[i];
      }
    }
  }
}

static void gate(const float *source, int64_t rows, int64_t columns, float *destination) {
  const int64_t whole = columns / lanes * lanes;
  for (int64_t r = 0; r < rows; r++) {
    const float *g = source + 2 * r * columns, *x = g + columns;
    float *out = destination + r * columns;
    for (int64_t i = 0; i < whole; i += lanes) {
      const Vec v = load(g + i);
      store(out + i, v * sigmoid(v) * load(x + i));
    }
    for (int64_t i = whole; i < columns; i++) out[i] = g[i] * sigmoid(splat(g[i]))[0] * x[i];
  }
}

constexpr RowKernels row_operations = {layer_norm, convert_rows, finish_integer_product, attention_scratch, attention,
                                       attention_over, rotate, gate};

}  // namespace CDNN_NAMESPACE
}  // namespace cdnn
