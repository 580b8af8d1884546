// Sizes of augment.cl.
#ifndef AUGMENT_H
#define AUGMENT_H

// Words of an image's row in the table of what was drawn for it.
#define AUGMENT_MAP 0          // six floats: a b c d e f, see augment.cl
#define AUGMENT_CONTRAST 6     // two floats: what a byte is multiplied by, and what is added then
#define AUGMENT_ERASED 8       // two words: first << 16 | end, of the rows and of the columns that are erased
#define AUGMENT_NOISE 10       // two words: the key of the image's noise
#define AUGMENT_WORDS 12

#define NOISE_LEVEL_BITS 12    // of 16 random bits the upper ones choose a level
#define NOISE_LEVELS 4096

#endif
