// Reads JPEG files through libjpeg-turbo's row interface: see the header.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "CJPEGRows.h"

// Files with more scans than this take long to decode for their length.
#define MOST_SCANS 100
#define EXIF_MARKER (JPEG_APP0 + 1)
#define EXIF_NAME "Exif\0"
#define EXIF_NAME_LENGTH 6

struct telar_jpeg {
  struct jpeg_decompress_struct reader;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf handler;
  char error[JMSG_LENGTH_MAX];
};

static void fail(j_common_ptr reader) {
  telar_jpeg *jpeg = reader->client_data;
  reader->err->format_message(reader, jpeg->error);
  longjmp(jpeg->handler, 1);
}

// Warnings are ignored, as by other programs, except that the file is cut short.
static void warn(j_common_ptr reader, int level) {
  if (level < 0 && reader->err->msg_code == JWRN_JPEG_EOF) fail(reader);
}

static void ignore(j_common_ptr reader) { (void)reader; }

static void check_scans(j_common_ptr reader) {
  telar_jpeg *jpeg = reader->client_data;
  if (reader->is_decompressor && jpeg->reader.input_scan_number > MOST_SCANS) {
    snprintf(jpeg->error, sizeof jpeg->error, "it has more than %d scans", MOST_SCANS);
    longjmp(jpeg->handler, 1);
  }
}

telar_jpeg *telar_jpeg_begin(const uint8_t *bytes, size_t count) {
  telar_jpeg *jpeg = calloc(1, sizeof *jpeg);
  if (jpeg == NULL) return NULL;
  jpeg->reader.err = jpeg_std_error(&jpeg->errors);
  jpeg->errors.error_exit = fail;
  jpeg->errors.emit_message = warn;
  jpeg->errors.output_message = ignore;
  jpeg->reader.client_data = jpeg;
  if (setjmp(jpeg->handler)) {
    free(jpeg);
    return NULL;
  }
  jpeg_create_decompress(&jpeg->reader);
  jpeg->progress.progress_monitor = check_scans;
  jpeg->reader.progress = &jpeg->progress;
  jpeg_save_markers(&jpeg->reader, EXIF_MARKER, 0xffff);
  jpeg_mem_src(&jpeg->reader, (unsigned char *)bytes, count);
  return jpeg;
}

bool telar_jpeg_read_header(telar_jpeg *jpeg, uint32_t *width, uint32_t *height) {
  struct jpeg_decompress_struct *reader = &jpeg->reader;
  if (setjmp(jpeg->handler)) return false;
  jpeg_read_header(reader, TRUE);
  switch (reader->jpeg_color_space) {
    case JCS_GRAYSCALE: reader->out_color_space = JCS_GRAYSCALE; break;
    case JCS_RGB:
    case JCS_YCbCr: reader->out_color_space = JCS_RGB; break;
    case JCS_CMYK:
    case JCS_YCCK: reader->out_color_space = JCS_CMYK; break;
    default:
      snprintf(jpeg->error, sizeof jpeg->error, "it has %d components of an unknown kind", reader->num_components);
      return false;
  }
  *width = reader->image_width;
  *height = reader->image_height;
  return true;
}

int telar_jpeg_channel_count(const telar_jpeg *jpeg) {
  switch (jpeg->reader.out_color_space) {
    case JCS_GRAYSCALE: return 1;
    case JCS_CMYK: return 4;
    default: return 3;
  }
}

const uint8_t *telar_jpeg_exif(const telar_jpeg *jpeg, size_t *count) {
  for (jpeg_saved_marker_ptr marker = jpeg->reader.marker_list; marker != NULL; marker = marker->next) {
    if (marker->marker != EXIF_MARKER || marker->data_length < EXIF_NAME_LENGTH) continue;
    if (memcmp(marker->data, EXIF_NAME, EXIF_NAME_LENGTH) != 0) continue;
    *count = marker->data_length - EXIF_NAME_LENGTH;
    return marker->data + EXIF_NAME_LENGTH;
  }
  return NULL;
}

bool telar_jpeg_read_pixels(telar_jpeg *jpeg, uint8_t *pixels) {
  struct jpeg_decompress_struct *reader = &jpeg->reader;
  if (setjmp(jpeg->handler)) return false;
  jpeg_start_decompress(reader);
  size_t row_size = (size_t)reader->output_width * (size_t)reader->output_components;
  while (reader->output_scanline < reader->output_height) {
    JSAMPROW row = pixels + reader->output_scanline * row_size;
    jpeg_read_scanlines(reader, &row, 1);
  }
  jpeg_finish_decompress(reader);
  return true;
}

const char *telar_jpeg_error(const telar_jpeg *jpeg) { return jpeg->error; }

void telar_jpeg_end(telar_jpeg *jpeg) {
  jpeg_destroy_decompress(&jpeg->reader);
  free(jpeg);
}
