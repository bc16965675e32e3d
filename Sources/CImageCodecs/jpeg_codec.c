/* JPEG by libjpeg(-turbo) with its defaults (accurate integer DCT, smooth chroma upsampling), as Pillow uses
 * it: warnings about damaged data are passed over, a file that ends before its last pixel is an error. What
 * follows the last pixel of a sequential file is not looked at, so that any bytes may stand in place of its
 * end marker. */
#include "codecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

/* A progressive file may hold any number of nearly empty scans, each costing a pass over the whole picture;
 * real encoders write about ten. */
#define MAXIMUM_SCANS 100

typedef struct {
    struct jpeg_error_mgr base; /* first, so that libjpeg's pointer is also ours */
    jmp_buf escape;
    char *message;
    size_t count;
    cic_poll poll;
    int cancelled;
} jpeg_failure;

static void on_error(j_common_ptr common) {
    jpeg_failure *failure = (jpeg_failure *)common->err;
    if (failure->message[0] == 0) {
        char text[JMSG_LENGTH_MAX];
        failure->base.format_message(common, text);
        cic_set_message(failure->message, "broken JPEG file: %s", text);
    }
    longjmp(failure->escape, 1);
}

static void on_message(j_common_ptr common, int level) {
    (void)common;
    (void)level;
}

static boolean on_end_of_input(j_decompress_ptr jpeg) {
    jpeg_failure *failure = (jpeg_failure *)jpeg->err;
    cic_set_message(failure->message, "the JPEG file is truncated (it ends after %zu bytes)", failure->count);
    longjmp(failure->escape, 1);
}

/* Called for each row of blocks at least. */
static void on_progress(j_common_ptr common) {
    jpeg_failure *failure = (jpeg_failure *)common->err;
    if (failure->poll.is_cancelled(failure->poll.context)) {
        failure->cancelled = 1;
        longjmp(failure->escape, 1);
    }
    if (((j_decompress_ptr)common)->input_scan_number > MAXIMUM_SCANS) {
        cic_set_message(failure->message, "the JPEG file has more than %d scans", MAXIMUM_SCANS);
        longjmp(failure->escape, 1);
    }
}

static void prepare_failure(jpeg_failure *failure, size_t count, char *message) {
    jpeg_std_error(&failure->base);
    failure->base.error_exit = on_error;
    failure->base.emit_message = on_message;
    failure->message = message;
    failure->count = count;
    failure->cancelled = 0;
}

static void read_header(j_decompress_ptr jpeg, const uint8_t *bytes, size_t count) {
    jpeg_create_decompress(jpeg);
    jpeg_mem_src(jpeg, bytes, count);
    jpeg->src->fill_input_buffer = on_end_of_input;
    jpeg_read_header(jpeg, TRUE);
}

int cic_jpeg_probe(const uint8_t *bytes, size_t count, cic_info *info, char *message) {
    struct jpeg_decompress_struct jpeg;
    jpeg_failure failure;
    memset(&jpeg, 0, sizeof jpeg);
    prepare_failure(&failure, count, message);
    jpeg.err = &failure.base;
    if (setjmp(failure.escape)) {
        jpeg_destroy_decompress(&jpeg);
        return 1;
    }
    read_header(&jpeg, bytes, count);
    info->format = CIC_FORMAT_JPEG;
    info->width = jpeg.image_width;
    info->height = jpeg.image_height;
    jpeg_destroy_decompress(&jpeg);
    return 0;
}

/* Rounded x / 255 for products of two bytes. */
static inline int divide_by_255(int x) {
    int rounded = x + 128;
    return (rounded + (rounded >> 8)) >> 8;
}

/* CMYK stored inverted, as Adobe writes it and Pillow assumes, to RGB without a colour profile. */
static void convert_cmyk_row(const uint8_t *inverted, uint32_t width, int channels, uint8_t *out) {
    for (uint32_t x = 0; x < width; x++, inverted += 4, out += channels) {
        int light = inverted[3];
        for (int c = 0; c < 3; c++) {
            out[c] = (uint8_t)(light - divide_by_255((255 - inverted[c]) * light));
        }
        if (channels == 4) out[3] = 255;
    }
}

int cic_jpeg_decode(const uint8_t *bytes, size_t count, const cic_info *info, int channels,
                    uint8_t *pixels, cic_poll poll, char *message) {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_progress_mgr progress;
    jpeg_failure failure;
    memset(&jpeg, 0, sizeof jpeg);
    memset(&progress, 0, sizeof progress);
    prepare_failure(&failure, count, message);
    jpeg.err = &failure.base;
    failure.poll = poll;
    if (setjmp(failure.escape)) {
        jpeg_destroy_decompress(&jpeg);
        return failure.cancelled ? CIC_CANCELLED : 1;
    }
    read_header(&jpeg, bytes, count);
    progress.progress_monitor = on_progress;
    jpeg.progress = &progress;
    if (jpeg.image_width != info->width || jpeg.image_height != info->height) {
        cic_set_message(message, "broken JPEG file: its size changed while it was read");
        longjmp(failure.escape, 1);
    }
    if (jpeg.num_components != 1 && jpeg.num_components != 3 && jpeg.num_components != 4) {
        cic_set_message(message, "JPEG files with %d components are not supported", jpeg.num_components);
        longjmp(failure.escape, 1);
    }
    int cmyk = jpeg.num_components == 4;
    jpeg.out_color_space = cmyk ? JCS_CMYK : channels == 4 ? JCS_EXT_RGBA : JCS_EXT_RGB;
    jpeg_start_decompress(&jpeg);

    JSAMPARRAY ink = cmyk
        ? jpeg.mem->alloc_sarray((j_common_ptr)&jpeg, JPOOL_IMAGE, 4 * jpeg.output_width, 1) : NULL;
    size_t row_bytes = (size_t)info->width * (size_t)channels;
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = pixels + jpeg.output_scanline * row_bytes;
        if (jpeg_read_scanlines(&jpeg, cmyk ? ink : &row, 1) != 1) {
            cic_set_message(message, "broken JPEG file: a row is missing");
            longjmp(failure.escape, 1);
        }
        if (cmyk) convert_cmyk_row(ink[0], info->width, channels, row);
    }
    jpeg_destroy_decompress(&jpeg);
    return 0;
}

int cic_jpeg_encode(const uint8_t *rgb, uint32_t width, uint32_t height, int quality, uint8_t **bytes, size_t *count) {
    struct jpeg_compress_struct jpeg;
    jpeg_failure failure;
    char message[CIC_MESSAGE_SIZE] = {0};
    /* In memory that setjmp leaves alone, since the library changes it. */
    struct {
        unsigned char *bytes;
        unsigned long count;
    } *written = calloc(1, sizeof *written);
    if (!written) return 1;
    memset(&jpeg, 0, sizeof jpeg);
    prepare_failure(&failure, 0, message);
    jpeg.err = &failure.base;
    if (setjmp(failure.escape)) {
        jpeg_destroy_compress(&jpeg);
        free(written->bytes);
        free(written);
        return 1;
    }
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &written->bytes, &written->count);
    jpeg.image_width = width;
    jpeg.image_height = height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_EXT_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, quality, TRUE);
    jpeg.optimize_coding = TRUE;
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = (JSAMPROW)(rgb + (size_t)jpeg.next_scanline * width * 3);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    *bytes = written->bytes;
    *count = written->count;
    free(written);
    jpeg_destroy_compress(&jpeg);
    return 0;
}
