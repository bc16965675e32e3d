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

/// Memory aligned to a cache line that grows and never shrinks. What it held is lost when it grows.
class Scratch {
 public:
  template <typename T>
  T *reserve(int64_t count) {
    const size_t bytes = (static_cast<size_t>(count) * sizeof(T) + 63) / 64 * 64;
    if (bytes > bytes_) {
      void *memory = std::aligned_alloc(64, bytes);
      if (!memory) throw std::bad_alloc();
      memory_.reset(memory);
      bytes_ = bytes;
    }
    return static_cast<T *>(memory_.get());
  }

 private:
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
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

const dnnl::engine &engine();
void write_error(char *error, const char *what, const char *why);

}  // namespace cdnn

struct cdnn_matrix {
  int64_t outputs, inputs;
  cdnn_format format;
  dnnl::memory weights, bias;
  bool has_bias;
  int64_t bytes;
  // For CDNN_U8: per output, the weights' scale and the sum of their integers; the bias is kept plain beside them.
  std::unique_ptr<float[]> scale, sum, plain_bias;
};

struct cdnn_context {
  dnnl::stream stream;
  std::unordered_map<cdnn::ProductKey, cdnn::Product, cdnn::ProductKeyHash> products;
  cdnn::Scratch primitive_scratch, integer_product, two_rows, row, attention_scratch, attention_rows;
};
