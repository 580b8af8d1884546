// Sizes of loss_tile.cl.
#ifndef LOSS_H
#define LOSS_H

#define LOSS_ROW_ITEMS 16    // work-items that share a row of logits
#define LOSS_GROUP_ITEMS 64  // work-items in a group of cross_entropy_rows_tile

#endif
