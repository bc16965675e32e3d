/* WebP by libwebp: lossy, lossless, with or without alpha; of an animation the first frame on a transparent
 * black canvas, as Pillow opens it. */
#include "codecs.h"

#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

static const char *reason(VP8StatusCode status) {
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY: return "out of memory";
    case VP8_STATUS_BITSTREAM_ERROR: return "its data is damaged";
    case VP8_STATUS_UNSUPPORTED_FEATURE: return "it uses a feature that is not supported";
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA: return "it is truncated";
    default: return "it cannot be decoded";
    }
}

static int fail(char *message, VP8StatusCode status, size_t count) {
    cic_set_message(message, "broken WebP file: %s (%zu bytes)", reason(status), count);
    return 1;
}

int cic_webp_probe(const uint8_t *bytes, size_t count, cic_info *info, char *message) {
    WebPBitstreamFeatures features;
    VP8StatusCode status = WebPGetFeatures(bytes, count, &features);
    if (status != VP8_STATUS_OK) return fail(message, status, count);
    /* The decoder that is given a file in steps does not hold the length in its header against it. */
    size_t promised = (size_t)bytes[4] | (size_t)bytes[5] << 8 | (size_t)bytes[6] << 16 | (size_t)bytes[7] << 24;
    if (promised > count - 8) return fail(message, VP8_STATUS_NOT_ENOUGH_DATA, count);
    info->format = CIC_FORMAT_WEBP;
    info->width = (uint32_t)features.width;
    info->height = (uint32_t)features.height;
    info->has_alpha = features.has_alpha;
    info->animated = features.has_animation;
    return 0;
}

/* Pixels between two questions whether to go on. */
#define PIXELS_A_STEP (1 << 18)

/* Decodes in steps; sets `cancelled` when it was told to stop. */
static VP8StatusCode decode_into(const uint8_t *bytes, size_t count, size_t picture, int channels, uint8_t *pixels,
                                 size_t capacity, size_t stride, cic_poll poll, int *cancelled) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return VP8_STATUS_INVALID_PARAM;
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = capacity;
    WebPIDecoder *decoder = WebPIDecode(NULL, 0, &config);
    if (!decoder) return VP8_STATUS_OUT_OF_MEMORY;
    VP8StatusCode status = VP8_STATUS_SUSPENDED;
    size_t step = count / (picture / PIXELS_A_STEP + 1) + 1;
    size_t given = 0;
    while (status == VP8_STATUS_SUSPENDED && given < count) {
        *cancelled = poll.is_cancelled(poll.context) != 0;
        if (*cancelled) break;
        given = count - given > step ? given + step : count;
        status = WebPIUpdate(decoder, bytes, given);
    }
    WebPIDelete(decoder);
    WebPFreeDecBuffer(&config.output);
    return status;
}

static int decode_first_frame(const uint8_t *bytes, size_t count, const cic_info *info, int channels,
                              uint8_t *pixels, cic_poll poll, char *message) {
    WebPData data = {bytes, count};
    WebPIterator frame;
    size_t stride = (size_t)info->width * (size_t)channels;
    size_t capacity = stride * info->height;
    WebPDemuxer *demuxer = WebPDemux(&data);
    if (!demuxer) return fail(message, VP8_STATUS_NOT_ENOUGH_DATA, count);
    if (WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH) != info->width
        || WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT) != info->height
        || !WebPDemuxGetFrame(demuxer, 1, &frame)) {
        WebPDemuxDelete(demuxer);
        return fail(message, VP8_STATUS_BITSTREAM_ERROR, count);
    }
    VP8StatusCode status = VP8_STATUS_BITSTREAM_ERROR;
    int cancelled = 0;
    if (frame.x_offset >= 0 && frame.y_offset >= 0 && frame.width > 0 && frame.height > 0
        && (uint32_t)frame.x_offset + (uint32_t)frame.width <= info->width
        && (uint32_t)frame.y_offset + (uint32_t)frame.height <= info->height) {
        size_t start = (size_t)frame.y_offset * stride + (size_t)frame.x_offset * (size_t)channels;
        memset(pixels, 0, capacity);
        status = decode_into(frame.fragment.bytes, frame.fragment.size, (size_t)frame.width * (size_t)frame.height,
                             channels, pixels + start, capacity - start, stride, poll, &cancelled);
    }
    WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demuxer);
    if (cancelled) return CIC_CANCELLED;
    return status == VP8_STATUS_OK ? 0 : fail(message, status, count);
}

int cic_webp_decode(const uint8_t *bytes, size_t count, const cic_info *info, int channels,
                    uint8_t *pixels, cic_poll poll, char *message) {
    if (info->animated) return decode_first_frame(bytes, count, info, channels, pixels, poll, message);
    size_t picture = (size_t)info->width * info->height;
    size_t stride = (size_t)info->width * (size_t)channels;
    int cancelled = 0;
    VP8StatusCode status = decode_into(bytes, count, picture, channels, pixels, stride * info->height, stride, poll,
                                       &cancelled);
    if (cancelled) return CIC_CANCELLED;
    return status == VP8_STATUS_OK ? 0 : fail(message, status, count);
}
