#include <cmath>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "Context.h"
#include "InstructionSet.h"
#include "Products.h"

using dnnl::memory;

namespace cdnn {

const dnnl::engine &engine() {
  static const dnnl::engine shared(dnnl::engine::kind::cpu, 0);
  return shared;
}

void write_error(char *error, const char *what, const char *why) {
  if (error) std::snprintf(error, CDNN_ERROR_LENGTH, "%s: %s", what, why);
}

namespace {

/// Integers of panels have 16 bits and are added in 32. The largest one that a weight may become, so that no sum of products with
/// 8-bit rows overflows; rounding takes each weight up by half at most.
/// - magnitude: the sum of the output's absolute weights in parts of the largest one.
int32_t largest_in_panels(double magnitude, int64_t inputs) {
  const double room = (2147483647.0 / 255 - 0.5 * inputs) / (magnitude > 1 ? magnitude : 1);
  return room < 8191 ? static_cast<int32_t>(room) : 8191;
}

/// oneDNN's integers have 8 bits. vpdpbusd adds in 32; the older multiply-add pairs saturate at 16, where 255 * 63 * 2 still fits.
int32_t largest_in_onednn() {
  const cdnn_cpu cpu = cdnn_cpu_features();
  return cpu.avx512_vnni || cpu.avx_vnni ? 127 : 63;
}

/// Weights as integers, each output with a scale of its own; `largest_integer(magnitude)` bounds them.
/// - Throws: std::invalid_argument where a weight is not finite.
template <typename Integer, typename Bound>
std::vector<Integer> quantise(cdnn_matrix &matrix, const float *weights, Bound largest_integer) {
  std::vector<Integer> integers(static_cast<size_t>(matrix.outputs) * matrix.inputs);
  matrix.scale = std::make_unique<float[]>(matrix.outputs);
  matrix.sum = std::make_unique<float[]>(matrix.outputs);
  for (int64_t o = 0; o < matrix.outputs; o++) {
    const float *w = weights + o * matrix.inputs;
    float largest = 0, total = 0;
    for (int64_t i = 0; i < matrix.inputs; i++) {
      largest = std::fabs(w[i]) > largest ? std::fabs(w[i]) : largest;
      total += std::fabs(w[i]);
    }
    if (!std::isfinite(total)) throw std::invalid_argument("a weight is not finite");
    // Weights too small for a scale of their own become zeros.
    const bool zeros = largest < 1e-30f;
    const float scale = zeros ? 1.0f : largest / largest_integer(total / largest), inverse = 1.0f / scale;
    int32_t sum = 0;
    for (int64_t i = 0; i < matrix.inputs; i++) {
      // Adding 1.5 * 2^23 rounds to the nearest integer.
      const auto q = static_cast<Integer>(static_cast<int32_t>((w[i] * inverse + 12582912.0f) - 12582912.0f));
      integers[o * matrix.inputs + i] = q;
      sum += q;
    }
    matrix.scale[o] = scale;
    matrix.sum[o] = static_cast<float>(sum);
  }
  return integers;
}

float rounded_to_bf16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  bits = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u;
  std::memcpy(&x, &bits, 4);
  return x;
}

/// Panels `[panels, steps, width]` of 32-bit values, value(output, step) each and zeros beyond the last output.
template <typename Value, typename Entry>
AlignedMemory make_panels(const cdnn_matrix &matrix, Entry value) {
  const int64_t width = panel_kernels().width, panels = (matrix.outputs + width - 1) / width;
  AlignedMemory memory = aligned_memory(panels * matrix.steps * width * sizeof(Value));
  Value *out = static_cast<Value *>(memory.get());
  // Rows of a panel may be a multiple of 4 KiB apart, so that few of them fit the first-level cache: a few steps at a time.
  constexpr int64_t steps_at_once = 16;
  for (int64_t p = 0; p < panels; p++) {
    Value *panel = out + p * matrix.steps * width;
    for (int64_t from = 0; from < matrix.steps; from += steps_at_once) {
      const int64_t to = from + steps_at_once < matrix.steps ? from + steps_at_once : matrix.steps;
      for (int64_t j = 0; j < width; j++) {
        const int64_t output = p * width + j;
        for (int64_t k = from; k < to; k++) panel[k * width + j] = output < matrix.outputs ? value(output, k) : Value{};
      }
    }
  }
  return memory;
}

void fill_panels(cdnn_matrix &matrix, const float *weights, const float *bias) {
  const int64_t inputs = matrix.inputs, width = panel_kernels().width;
  matrix.steps = matrix.format == CDNN_U8 ? (inputs + 1) / 2 : inputs;
  switch (matrix.format) {
    case CDNN_F32: matrix.panels = make_panels<float>(matrix, [=](int64_t o, int64_t k) { return weights[o * inputs + k]; }); break;
    case CDNN_BF16:
      matrix.panels =
          make_panels<float>(matrix, [=](int64_t o, int64_t k) { return rounded_to_bf16(weights[o * inputs + k]); });
      break;
    case CDNN_U8: {
      const std::vector<int16_t> integers = quantise<int16_t>(
          matrix, weights, [&](double magnitude) { return largest_in_panels(magnitude, inputs); });
      matrix.panels = make_panels<int32_t>(matrix, [&](int64_t o, int64_t k) {
        const int16_t *w = integers.data() + o * inputs + 2 * k;
        const uint32_t second = 2 * k + 1 < inputs ? static_cast<uint16_t>(w[1]) : 0;
        return static_cast<int32_t>(static_cast<uint16_t>(w[0]) | second << 16);
      });
    }
  }
  const int64_t padded = (matrix.outputs + width - 1) / width * width;
  matrix.bytes = padded * (matrix.steps + 1) * 4;
  matrix.plain_bias = std::make_unique<float[]>(padded);
  if (bias) std::memcpy(matrix.plain_bias.get(), bias, matrix.outputs * sizeof(float));
}

void fill_onednn(cdnn_matrix &matrix, const float *weights, const float *bias) {
  cdnn_use_calling_thread_only();
  const int64_t outputs = matrix.outputs, inputs = matrix.inputs;
  const memory::desc packed = packed_weights(outputs, inputs, matrix.format);
  matrix.weights = memory(packed, engine());
  matrix.bytes = static_cast<int64_t>(packed.get_size()) + outputs * static_cast<int64_t>(sizeof(float));

  std::vector<int8_t> integers;
  void *plain = const_cast<float *>(weights);
  memory::data_type type = memory::data_type::f32;
  if (matrix.format == CDNN_U8) {
    const int32_t largest = largest_in_onednn();
    integers = quantise<int8_t>(matrix, weights, [=](double) { return largest; });
    plain = integers.data();
    type = memory::data_type::s8;
  }
  // [outputs, inputs] row by row is [inputs, outputs] column by column.
  memory source(memory::desc({inputs, outputs}, type, memory::format_tag::ba), engine(), plain);
  dnnl::stream stream(engine());
  dnnl::reorder(source, matrix.weights).execute(stream, source, matrix.weights);
  stream.wait();

  if (bias && matrix.format == CDNN_U8) {
    matrix.plain_bias = std::make_unique<float[]>(outputs);
    std::memcpy(matrix.plain_bias.get(), bias, outputs * sizeof(float));
  } else if (bias) {
    matrix.bias = memory(memory::desc({1, outputs}, memory::data_type::f32, memory::format_tag::ab), engine());
    std::memcpy(matrix.bias.get_data_handle(), bias, outputs * sizeof(float));
  }
}

}  // namespace
}  // namespace cdnn

int cdnn_matrix_create(cdnn_matrix **result, const float *weights, const float *bias, int64_t outputs, int64_t inputs,
                       cdnn_format format, char *error) {
  try {
    auto matrix = std::make_unique<cdnn_matrix>();
    matrix->outputs = outputs;
    matrix->inputs = inputs;
    matrix->format = format;
    matrix->has_bias = bias != nullptr;
    if (cdnn::products_by_onednn())
      cdnn::fill_onednn(*matrix, weights, bias);
    else
      cdnn::fill_panels(*matrix, weights, bias);
    *result = matrix.release();
    return 0;
  } catch (const std::exception &e) {
    cdnn::write_error(error, "packing weights", e.what());
    return 1;
  }
}

void cdnn_matrix_destroy(cdnn_matrix *matrix) { delete matrix; }

int64_t cdnn_matrix_bytes(const cdnn_matrix *matrix) { return matrix->bytes; }
