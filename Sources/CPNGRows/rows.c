// Reads PNG files through libpng's row interface: see the header.
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "CPNGRows.h"

struct telar_png {
  png_structp reader;
  png_infop info;
  // The unread part of the file.
  const uint8_t *next;
  size_t left;
  uint32_t width, height;
  char error[128];
};

static void take(png_structp reader, png_bytep bytes, size_t count) {
  telar_png *png = png_get_io_ptr(reader);
  if (count > png->left) png_error(reader, "the file is cut short");
  memcpy(bytes, png->next, count);
  png->next += count;
  png->left -= count;
}

static void fail(png_structp reader, png_const_charp message) {
  telar_png *png = png_get_error_ptr(reader);
  strncpy(png->error, message, sizeof png->error - 1);
  png_longjmp(reader, 1);
}

static void ignore(png_structp reader, png_const_charp message) {
  (void)reader;
  (void)message;
}

telar_png *telar_png_begin(const uint8_t *bytes, size_t count) {
  telar_png *png = calloc(1, sizeof *png);
  if (png == NULL) return NULL;
  png->next = bytes;
  png->left = count;
  png->reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, png, fail, ignore);
  png->info = png->reader == NULL ? NULL : png_create_info_struct(png->reader);
  if (png->info == NULL) {
    telar_png_end(png);
    return NULL;
  }
  return png;
}

bool telar_png_read_header(telar_png *png, uint32_t *width, uint32_t *height) {
  png_structp reader = png->reader;
  if (setjmp(png_jmpbuf(reader))) return false;
  png_set_read_fn(reader, png, take);
  png_set_crc_action(reader, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  // -1: also chunks that libpng knows, except those of pixels (IHDR, PLTE, tRNS, IDAT, IEND).
  png_set_keep_unknown_chunks(reader, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(reader, png->info);
  *width = png->width = png_get_image_width(reader, png->info);
  *height = png->height = png_get_image_height(reader, png->info);
  png_set_expand(reader);
  png_set_strip_16(reader);
  png_set_interlace_handling(reader);
  png_read_update_info(reader, png->info);
  return true;
}

int telar_png_channel_count(const telar_png *png) { return png_get_channels(png->reader, png->info); }

bool telar_png_read_pixels(telar_png *png, uint8_t *pixels) {
  png_structp reader = png->reader;
  if (setjmp(png_jmpbuf(reader))) return false;
  size_t row_size = png_get_rowbytes(reader, png->info);
  int pass_count = png_get_interlace_type(reader, png->info) == PNG_INTERLACE_ADAM7 ? PNG_INTERLACE_ADAM7_PASSES : 1;
  // Each pass of an interlaced image adds its pixels to the rows.
  for (int pass = 0; pass < pass_count; pass++)
    for (uint32_t y = 0; y < png->height; y++) png_read_row(reader, pixels + y * row_size, NULL);
  png_read_end(reader, NULL);
  return true;
}

const char *telar_png_error(const telar_png *png) { return png->error; }

void telar_png_end(telar_png *png) {
  if (png->reader != NULL) png_destroy_read_struct(&png->reader, &png->info, NULL);
  free(png);
}
