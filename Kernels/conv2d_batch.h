// Sizes of conv2d_batch.cl.
#ifndef CONV2D_BATCH_H
#define CONV2D_BATCH_H

#define CONV2D_POOL_LARGEST_WINDOW 4  // rows and columns of the pooling window that conv2d_pool takes, at most

#endif
