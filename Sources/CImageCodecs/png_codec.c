/* PNG by libpng, with the sample rules of Pillow's Image.convert("RGB"): 16-bit grey is clipped to 255
 * (not scaled), 16-bit colour keeps its high byte, palette entries past the end of PLTE are black. */
#include "codecs.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const uint8_t *bytes;
    size_t count, position, limit; /* limit: no byte at or past it is handed out */
    char *message;
} png_input;

typedef struct {
    int kind;       /* PNG_COLOR_TYPE_… of the rows as libpng hands them out */
    int sixteen;    /* two bytes a sample (grey only) */
    int grey_scale; /* multiplier from a grey sample to 0…255 */
    int grey_key;   /* the transparent grey sample, or -1 */
    uint8_t palette[256][4];
} png_layout;

static void on_error(png_structp png, png_const_charp text) {
    png_input *input = png_get_error_ptr(png);
    if (input->message[0] == 0) cic_set_message(input->message, "broken PNG file: %s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void on_read(png_structp png, png_bytep destination, size_t wanted) {
    png_input *input = png_get_io_ptr(png);
    if (wanted > input->count - input->position) {
        cic_set_message(input->message, "the PNG file is truncated (it ends after %zu bytes)", input->count);
        png_error(png, "truncated");
    }
    if (input->position + wanted > input->limit) {
        cic_set_message(input->message, "the PNG file holds far more image data than its size needs");
        png_error(png, "too much data");
    }
    memcpy(destination, input->bytes + input->position, wanted);
    input->position += wanted;
}

/* Creates the reader and leaves out the chunks that only cost time and memory here. */
static png_structp open_reader(png_input *input, png_infop *header) {
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, input, on_error, on_warning);
    if (!png) return NULL;
    *header = png_create_info_struct(png);
    if (!*header) {
        png_destroy_read_struct(&png, NULL, NULL);
        return NULL;
    }
    return png;
}

static void configure(png_structp png, png_input *input) {
    static const png_byte ignored[] = "iCCP\0zTXt\0iTXt\0tEXt\0sPLT\0hIST\0pCAL\0sCAL\0eXIf";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, ignored, 9);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_read_fn(png, input, on_read);
}

int cic_png_probe(const uint8_t *bytes, size_t count, cic_info *info, char *message) {
    png_input input = {bytes, count, 0, SIZE_MAX, message};
    png_infop header = NULL;
    png_structp png = open_reader(&input, &header);
    if (!png) {
        cic_set_message(message, "out of memory");
        return 1;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &header, NULL);
        return 1;
    }
    configure(png, &input);
    png_read_info(png, header);
    info->format = CIC_FORMAT_PNG;
    info->width = png_get_image_width(png, header);
    info->height = png_get_image_height(png, header);
    info->has_alpha = (png_get_color_type(png, header) & PNG_COLOR_MASK_ALPHA) != 0
        || png_get_valid(png, header, PNG_INFO_tRNS) != 0;
    png_destroy_read_struct(&png, &header, NULL);
    return 0;
}

/* Asks libpng for one byte a sample wherever that loses nothing Pillow keeps. */
static void plan_layout(png_structp png, png_infop header, int channels, png_layout *layout) {
    int depth = png_get_bit_depth(png, header);
    int kind = png_get_color_type(png, header);
    png_color_16p key = NULL;
    png_bytep alphas = NULL;
    int alpha_count = 0;
    int keyed = png_get_tRNS(png, header, &alphas, &alpha_count, &key) != 0;

    memset(layout, 0, sizeof *layout);
    layout->grey_scale = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
    layout->grey_key = -1;
    layout->sixteen = kind == PNG_COLOR_TYPE_GRAY && depth == 16;
    if (kind == PNG_COLOR_TYPE_GRAY && keyed && key) layout->grey_key = key->gray;
    if (kind == PNG_COLOR_TYPE_PALETTE) {
        png_colorp colours = NULL;
        int colour_count = 0;
        png_get_PLTE(png, header, &colours, &colour_count);
        for (int i = 0; i < 256; i++) {
            if (i < colour_count) {
                layout->palette[i][0] = colours[i].red;
                layout->palette[i][1] = colours[i].green;
                layout->palette[i][2] = colours[i].blue;
            }
            layout->palette[i][3] = keyed && i < alpha_count ? alphas[i] : 255;
        }
    }
    if (depth < 8) png_set_packing(png);
    if (kind == PNG_COLOR_TYPE_RGB && keyed && channels == 4) png_set_tRNS_to_alpha(png);
    if (depth == 16 && !layout->sixteen) png_set_strip_16(png);
}

static void convert_row(const png_layout *layout, const uint8_t *row, uint32_t width, int channels, uint8_t *out) {
    for (uint32_t x = 0; x < width; x++, out += channels) {
        uint8_t alpha = 255;
        switch (layout->kind) {
        case PNG_COLOR_TYPE_GRAY: {
            int sample = layout->sixteen ? row[2 * x] << 8 | row[2 * x + 1] : row[x];
            int grey = sample * layout->grey_scale;
            out[0] = out[1] = out[2] = (uint8_t)(grey > 255 ? 255 : grey);
            if (sample == layout->grey_key) alpha = 0;
            break;
        }
        case PNG_COLOR_TYPE_GRAY_ALPHA:
            out[0] = out[1] = out[2] = row[2 * x];
            alpha = row[2 * x + 1];
            break;
        case PNG_COLOR_TYPE_PALETTE:
            memcpy(out, layout->palette[row[x]], 3);
            alpha = layout->palette[row[x]][3];
            break;
        case PNG_COLOR_TYPE_RGB:
            memcpy(out, row + 3 * (size_t)x, 3);
            break;
        default:
            memcpy(out, row + 4 * (size_t)x, 3);
            alpha = row[4 * (size_t)x + 3];
        }
        if (channels == 4) out[3] = alpha;
    }
}

/* Deflate makes at most 1032 bytes out of one, so a file too short for its claimed size is known as such
 * before a row is read; and a stream far longer than the rows need is a decompression bomb. */
static void bound_data(png_structp png, png_input *input, size_t row_bytes, uint32_t height) {
    size_t raw = (row_bytes + 1) * height;
    if (raw / 1032 > input->count) {
        cic_set_message(input->message, "the PNG file is truncated (%zu bytes cannot hold its %zu bytes of pixels)",
                        input->count, raw);
        png_error(png, "truncated");
    }
    input->limit = input->position + raw + raw / 4 + (1 << 20);
}

int cic_png_decode(const uint8_t *bytes, size_t count, const cic_info *info, int channels,
                   uint8_t *pixels, cic_poll poll, char *message) {
    png_input input = {bytes, count, 0, SIZE_MAX, message};
    png_infop header = NULL;
    png_layout layout;
    uint8_t *volatile rows = NULL; /* one row, or all of them when interlaced */
    volatile int cancelled = 0;
    png_structp png = open_reader(&input, &header);
    if (!png) {
        cic_set_message(message, "out of memory");
        return 1;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &header, NULL);
        free(rows);
        return cancelled ? CIC_CANCELLED : 1;
    }
    configure(png, &input);
    png_read_info(png, header);
    uint32_t width = png_get_image_width(png, header), height = png_get_image_height(png, header);
    if (width != info->width || height != info->height) png_error(png, "its size changed while it was read");
    bound_data(png, &input, png_get_rowbytes(png, header), height);
    plan_layout(png, header, channels, &layout);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, header);
    layout.kind = png_get_color_type(png, header);

    size_t row_bytes = png_get_rowbytes(png, header);
    size_t kept = passes > 1 ? height : 1;
    rows = calloc(kept, row_bytes);
    if (!rows) {
        cic_set_message(message, "out of memory for a picture of %u x %u", width, height);
        png_error(png, "out of memory");
    }
    size_t since_poll = 0; /* bytes */
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < height; y++) {
            since_poll += row_bytes;
            if (since_poll > 1 << 18) {
                since_poll = 0;
                cancelled = poll.is_cancelled(poll.context) != 0;
                if (cancelled) png_error(png, "cancelled");
            }
            uint8_t *row = rows + (kept > 1 ? y * row_bytes : 0);
            png_read_row(png, row, NULL);
            if (pass == passes - 1) {
                convert_row(&layout, row, width, channels, pixels + (size_t)y * width * (size_t)channels);
            }
        }
    }
    png_destroy_read_struct(&png, &header, NULL);
    free(rows);
    return 0;
}

int cic_png_encode(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **bytes, size_t *count) {
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = width;
    image.height = height;
    image.format = PNG_FORMAT_RGB;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    uint8_t *buffer = malloc(size);
    if (!buffer) return 1;
    if (!png_image_write_to_memory(&image, buffer, &size, 0, rgb, 0, NULL)) {
        free(buffer);
        return 1;
    }
    uint8_t *fitted = realloc(buffer, size);
    *bytes = fitted ? fitted : buffer;
    *count = size;
    return 0;
}
