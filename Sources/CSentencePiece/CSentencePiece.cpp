#include "CSentencePiece.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <string_view>

struct CSentencePieceModel {
    sentencepiece::SentencePieceProcessor processor;
};

namespace {

void write(std::string_view text, char *message, size_t capacity) {
    if (capacity == 0) return;
    const size_t length = std::min(text.size(), capacity - 1);
    std::memcpy(message, text.data(), length);
    message[length] = 0;
}

}  // namespace

CSentencePieceModel *csentencepiece_open(const void *bytes, size_t count, char *message, size_t message_capacity) {
    try {
        auto model = std::make_unique<CSentencePieceModel>();
        const std::string_view serialized(static_cast<const char *>(bytes), count);
        const auto status = model->processor.LoadFromSerializedProto(serialized);
        if (status.ok()) return model.release();
        write(status.message(), message, message_capacity);
    } catch (const std::exception &failure) {
        write(failure.what(), message, message_capacity);
    }
    return nullptr;
}

void csentencepiece_close(CSentencePieceModel *model) { delete model; }

int32_t csentencepiece_count(const CSentencePieceModel *model) { return model->processor.GetPieceSize(); }

int32_t csentencepiece_id(const CSentencePieceModel *model, const char *piece, size_t length) {
    const std::string_view name(piece, length);
    const int id = model->processor.PieceToId(name);
    // Unknown pieces have the id of the unknown piece.
    return id >= 0 && id < model->processor.GetPieceSize() && model->processor.IdToPiece(id) == name ? id : -1;
}

int csentencepiece_encode(const CSentencePieceModel *model, const char *text, size_t length,
                          CSentencePieceVisitor visitor, void *context, char *message, size_t message_capacity) {
    try {
        sentencepiece::ImmutableSentencePieceText encoded;
        const auto status = model->processor.Encode(std::string_view(text, length), encoded.mutable_proto());
        if (status.ok()) {
            for (const auto &piece : encoded.pieces()) {
                visitor(context, static_cast<int32_t>(piece.id()), piece.piece().data(), piece.piece().size(),
                        piece.begin(), piece.end());
            }
            return 0;
        }
        write(status.message(), message, message_capacity);
    } catch (const std::exception &failure) {
        write(failure.what(), message, message_capacity);
    }
    return 1;
}
