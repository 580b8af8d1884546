// Modes of dropout_forward and dropout_forward_tile.
#ifndef DROPOUT_H
#define DROPOUT_H

#define DROPOUT_PLAIN 0  // y = x where kept
#define DROPOUT_RELU 1   // y = relu(x) where kept

#define DROPOUT_TILE_GROUP_ITEMS 4  // work-items of dropout_forward_tile that do PHILOX_GROUP_ELEMENTS

#endif
