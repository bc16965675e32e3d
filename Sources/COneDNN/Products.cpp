#include "Products.h"

using dnnl::matmul;
using dnnl::memory;

namespace cdnn {
namespace {

// The number of rows for which a layout is asked.
constexpr int64_t layout_rows = 256;

memory::data_type source_type(cdnn_format format) {
  switch (format) {
    case CDNN_F32: return memory::data_type::f32;
    case CDNN_BF16: return memory::data_type::bf16;
    case CDNN_U8: return memory::data_type::u8;
  }
  return memory::data_type::undef;
}

memory::data_type destination_type(const ProductKey &key) {
  if (key.format == CDNN_U8) return memory::data_type::s32;
  return key.destination == CDNN_BF16 ? memory::data_type::bf16 : memory::data_type::f32;
}

void append_activation(dnnl::post_ops &operations, cdnn_activation activation) {
  dnnl::algorithm algorithm;
  float alpha = 0;
  switch (activation) {
    case CDNN_NONE: return;
    case CDNN_QUICK_GELU:
      algorithm = dnnl::algorithm::eltwise_swish;
      alpha = 1.702f;
      break;
    case CDNN_GELU_ERF: algorithm = dnnl::algorithm::eltwise_gelu_erf; break;
    case CDNN_GELU_TANH: algorithm = dnnl::algorithm::eltwise_gelu_tanh; break;
    default: return;
  }
#if DNNL_VERSION_MAJOR >= 3
  operations.append_eltwise(algorithm, alpha, 0);
#else
  operations.append_eltwise(1, algorithm, alpha, 0);
#endif
}

matmul::primitive_desc describe(const ProductKey &key, const memory::desc &weights) {
  const memory::desc source({key.rows, key.inputs}, source_type(key.format), memory::format_tag::ab);
  const memory::desc destination({key.rows, key.outputs}, destination_type(key), memory::format_tag::ab);
  const memory::desc bias({1, key.outputs}, memory::data_type::f32, memory::format_tag::ab);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops operations;
  if (key.accumulate) operations.append_sum(1);
  append_activation(operations, key.activation);
  attributes.set_post_ops(operations);
#if DNNL_VERSION_MAJOR >= 3
  return key.bias ? matmul::primitive_desc(engine(), source, weights, bias, destination, attributes)
                  : matmul::primitive_desc(engine(), source, weights, destination, attributes);
#else
  return key.bias ? matmul::primitive_desc(matmul::desc(source, weights, bias, destination), attributes, engine())
                  : matmul::primitive_desc(matmul::desc(source, weights, destination), attributes, engine());
#endif
}

}  // namespace

memory::desc packed_weights(int64_t outputs, int64_t inputs, cdnn_format format) {
  const ProductKey key{outputs, inputs, layout_rows, format, CDNN_F32, CDNN_NONE, false, false};
  const auto type = format == CDNN_U8 ? memory::data_type::s8 : source_type(format);
  return describe(key, memory::desc({inputs, outputs}, type, memory::format_tag::any)).weights_desc();
}

Product &product(cdnn_context &context, const ProductKey &key, const memory::desc &weights) {
  auto found = context.products.find(key);
  if (found != context.products.end()) return found->second;
  const matmul::primitive_desc description = describe(key, weights);
  Product made;
  made.primitive = matmul(description);
  made.source = memory(description.src_desc(), engine(), nullptr);
  made.destination = memory(description.dst_desc(), engine(), nullptr);
  made.scratch_bytes = description.scratchpad_desc().get_size();
  made.scratch = memory(description.scratchpad_desc(), engine(), nullptr);
  return context.products.emplace(key, std::move(made)).first->second;
}

}  // namespace cdnn
