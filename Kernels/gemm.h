// Sizes of gemm.cl.
#ifndef GEMM_H
#define GEMM_H

#define GEMM_PACK_STEPS 512  // of k that a work-item of gemm_pack packs
#define GEMM_PACK_TILES 2    // column tiles of B that it packs

#endif
