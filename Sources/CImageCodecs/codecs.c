#include "codecs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

void cic_set_message(char *message, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, CIC_MESSAGE_SIZE, format, arguments);
    va_end(arguments);
}

int cic_format(const uint8_t *bytes, size_t count) {
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (count >= 8 && memcmp(bytes, png, 8) == 0) return CIC_FORMAT_PNG;
    if (count >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff) return CIC_FORMAT_JPEG;
    if (count >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0) return CIC_FORMAT_WEBP;
    return CIC_FORMAT_NONE;
}

int cic_probe(const uint8_t *bytes, size_t count, cic_info *info, char *message) {
    memset(info, 0, sizeof *info);
    message[0] = 0;
    int status = 1;
    switch (cic_format(bytes, count)) {
    case CIC_FORMAT_PNG: status = cic_png_probe(bytes, count, info, message); break;
    case CIC_FORMAT_JPEG: status = cic_jpeg_probe(bytes, count, info, message); break;
    case CIC_FORMAT_WEBP: status = cic_webp_probe(bytes, count, info, message); break;
    default: cic_set_message(message, "not a PNG, JPEG or WebP file"); return 1;
    }
    if (status == 0 && (info->width == 0 || info->height == 0)) {
        cic_set_message(message, "the picture has no pixels (%u x %u)", info->width, info->height);
        return 1;
    }
    return status;
}

int cic_decode(const uint8_t *bytes, size_t count, const cic_info *info, int channels,
               uint8_t *pixels, size_t capacity, cic_poll poll, char *message) {
    message[0] = 0;
    if ((channels != 3 && channels != 4)
        || (unsigned __int128)info->width * info->height * (unsigned)channels != capacity) {
        cic_set_message(message, "the pixel buffer does not fit a picture of %u x %u", info->width, info->height);
        return 1;
    }
    switch (info->format) {
    case CIC_FORMAT_PNG: return cic_png_decode(bytes, count, info, channels, pixels, poll, message);
    case CIC_FORMAT_JPEG: return cic_jpeg_decode(bytes, count, info, channels, pixels, poll, message);
    case CIC_FORMAT_WEBP: return cic_webp_decode(bytes, count, info, channels, pixels, poll, message);
    default: cic_set_message(message, "not a PNG, JPEG or WebP file"); return 1;
    }
}

int cic_encode(int format, const uint8_t *rgb, uint32_t width, uint32_t height, int quality, uint8_t **bytes,
               size_t *count) {
    *bytes = NULL;
    *count = 0;
    switch (format) {
    case CIC_FORMAT_PNG: return cic_png_encode(rgb, width, height, bytes, count);
    case CIC_FORMAT_JPEG: return cic_jpeg_encode(rgb, width, height, quality, bytes, count);
    default: return 1;
    }
}

void cic_free(uint8_t *bytes) { free(bytes); }

uint32_t cic_crc32(const uint8_t *bytes, size_t count) { return (uint32_t)crc32_z(0, bytes, count); }

int cic_inflate(const uint8_t *bytes, size_t count, uint8_t *output, size_t capacity, size_t *written) {
    uLongf length = capacity;
    if (uncompress(output, &length, bytes, count) != Z_OK) return 1;
    *written = length;
    return 0;
}
