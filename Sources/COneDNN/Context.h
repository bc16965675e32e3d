// oneDNN objects shared by the implementation files. Differences between oneDNN 2.x and 3.x stay in these files.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <dnnl.hpp>
#include <memory>
#include <new>
#include <unordered_map>

#include "COneDNN.h"

namespace cdnn {

/// Memory aligned to a cache line.
struct Free {
  void operator()(void *memory) const { std::free(memory); }
};
using AlignedMemory = std::unique_ptr<void, Free>;

inline AlignedMemory aligned_memory(size_t bytes) {
  AlignedMemory memory(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
  if (!memory) throw std::bad_alloc();
  return memory;
}

/// Memory that grows and never shrinks. What it held is lost when it grows.
class Scratch {
 public:
  template <typename T>
  T *reserve(int64_t count) {
    const size_t bytes = static_cast<size_t>(count) * sizeof(T);
    if (bytes > bytes_) {
      memory_ = aligned_memory(bytes);
      bytes_ = bytes;
    }
    return static_cast<T *>(memory_.get());
  }

 private:
  AlignedMemory memory_;
  size_t bytes_ = 0;
};

/// What a product's primitive depends on.
struct ProductKey {
  int64_t outputs, inputs, rows;
  cdnn_format format;
  cdnn_format destination;
  cdnn_activation activation;
  bool bias, accumulate;
  bool operator==(const ProductKey &) const = default;
};

struct ProductKeyHash {
  size_t operator()(const ProductKey &key) const {
    size_t h = 1469598103934665603ull;
    for (int64_t x : {key.outputs, key.inputs, key.rows, int64_t(key.format), int64_t(key.destination),
                      int64_t(key.activation), int64_t(key.bias), int64_t(key.accumulate)})
      h = (h ^ static_cast<size_t>(x)) * 1099511628211ull;
    return h;
  }
};

struct Product {
  dnnl::primitive primitive;
  dnnl::memory source, destination;
  size_t scratch_bytes;
  dnnl::memory scratch;
};

inline int64_t value_bytes(cdnn_format format) { return format == CDNN_F32 ? 4 : format == CDNN_BF16 ? 2 : 1; }

/// The rows from `row` on.
inline cdnn_rows from_row(cdnn_rows rows, int64_t row) {
  rows.values = static_cast<char *>(rows.values) + row * rows.columns * value_bytes(rows.format);
  if (rows.format == CDNN_U8) {
    rows.scale += row;
    rows.zero += row;
  }
  return rows;
}

const dnnl::engine &engine();
void write_error(char *error, const char *what, const char *why);

}  // namespace cdnn

struct cdnn_matrix {
  int64_t outputs, inputs;
  cdnn_format format;
  bool has_bias;
  int64_t bytes;
  // Where oneDNN computes products: the weights in its layout.
  dnnl::memory weights, bias;
  // Where it does not: the weights in panels.
  cdnn::AlignedMemory panels;
  int64_t steps;
  // For CDNN_U8: per output, the weights' scale and the sum of their integers.
  std::unique_ptr<float[]> scale, sum;
  // The bias for CDNN_U8 and for panels; for the latter with zeros up to whole panels, also where there is none.
  std::unique_ptr<float[]> plain_bias;
};

struct cdnn_context {
  dnnl::stream stream;
  std::unordered_map<cdnn::ProductKey, cdnn::Product, cdnn::ProductKeyHash> products;
  cdnn::Scratch primitive_scratch, panel_scratch, integer_product, two_rows, row, attention_scratch, attention_rows;
  /// The team it leads, if any.
  cdnn_team *team = nullptr;
};
