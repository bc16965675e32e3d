// The matrix product primitives: source [rows, inputs] times packed weights [inputs, outputs].
#pragma once

#include "Context.h"

namespace cdnn {

/// The layout that oneDNN chooses for weights of this shape; one layout serves every number of rows.
dnnl::memory::desc packed_weights(int64_t outputs, int64_t inputs, cdnn_format format);

/// The primitive for a key, made on first use by this context.
Product &product(cdnn_context &context, const ProductKey &key, const dnnl::memory::desc &weights);

}  // namespace cdnn
