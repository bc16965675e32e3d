#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "Context.h"
#include "Products.h"
#include "RowKernels.h"

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

// vpdpbusd adds in 32 bits; the older multiply-add pairs saturate at 16, where 255 * 63 * 2 still fits.
int largest_integer_weight() {
  const cdnn_cpu cpu = cdnn_cpu_features();
  return cpu.avx512_vnni || cpu.avx_vnni ? 127 : 63;
}

void quantise(cdnn_matrix &matrix, const float *weights, std::vector<int8_t> &integers) {
  const int limit = largest_integer_weight();
  integers.resize(static_cast<size_t>(matrix.outputs) * matrix.inputs);
  matrix.scale = std::make_unique<float[]>(matrix.outputs);
  matrix.sum = std::make_unique<float[]>(matrix.outputs);
  for (int64_t o = 0; o < matrix.outputs; o++) {
    const float *w = weights + o * matrix.inputs;
    float largest = 0;
    for (int64_t i = 0; i < matrix.inputs; i++) largest = std::fabs(w[i]) > largest ? std::fabs(w[i]) : largest;
    const float scale = largest > 0 ? largest / limit : 1.0f, inverse = 1.0f / scale;
    int32_t sum = 0;
    for (int64_t i = 0; i < matrix.inputs; i++) {
      // Adding 1.5 * 2^23 rounds to the nearest integer.
      const int8_t q = static_cast<int8_t>(static_cast<int32_t>((w[i] * inverse + 12582912.0f) - 12582912.0f));
      integers[o * matrix.inputs + i] = q;
      sum += q;
    }
    matrix.scale[o] = scale;
    matrix.sum[o] = static_cast<float>(sum);
  }
}

}  // namespace
}  // namespace cdnn

int cdnn_matrix_create(cdnn_matrix **result, const float *weights, const float *bias, int64_t outputs, int64_t inputs,
                       cdnn_format format, char *error) {
  try {
    cdnn_use_calling_thread_only();
    auto matrix = std::make_unique<cdnn_matrix>();
    matrix->outputs = outputs;
    matrix->inputs = inputs;
    matrix->format = format;
    matrix->has_bias = bias != nullptr;

    const memory::desc packed = cdnn::packed_weights(outputs, inputs, format);
    matrix->weights = memory(packed, cdnn::engine());
    matrix->bytes = static_cast<int64_t>(packed.get_size()) + outputs * static_cast<int64_t>(sizeof(float));

    std::vector<int8_t> integers;
    void *plain = const_cast<float *>(weights);
    memory::data_type type = memory::data_type::f32;
    if (format == CDNN_U8) {
      cdnn::quantise(*matrix, weights, integers);
      plain = integers.data();
      type = memory::data_type::s8;
    }
    // [outputs, inputs] row by row is [inputs, outputs] column by column.
    memory source(memory::desc({inputs, outputs}, type, memory::format_tag::ba), cdnn::engine(), plain);
    dnnl::stream stream(cdnn::engine());
    dnnl::reorder(source, matrix->weights).execute(stream, source, matrix->weights);
    stream.wait();

    if (bias && format == CDNN_U8) {
      matrix->plain_bias = std::make_unique<float[]>(outputs);
      std::memcpy(matrix->plain_bias.get(), bias, outputs * sizeof(float));
    } else if (bias) {
      matrix->bias = memory(memory::desc({1, outputs}, memory::data_type::f32, memory::format_tag::ab), cdnn::engine());
      std::memcpy(matrix->bias.get_data_handle(), bias, outputs * sizeof(float));
    }
    *result = matrix.release();
    return 0;
  } catch (const std::exception &e) {
    cdnn::write_error(error, "packing weights", e.what());
    return 1;
  }
}

void cdnn_matrix_destroy(cdnn_matrix *matrix) { delete matrix; }

int64_t cdnn_matrix_bytes(const cdnn_matrix *matrix) { return matrix->bytes; }
