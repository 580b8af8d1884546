#!/usr/bin/env python3
"""Tests of the readers on pieces of listings, and of the targets; no compiler is needed.

All three listings are of a loop that stores a float in local memory, loads two from there and adds two products.
"""

import json
import re
import sys
import tempfile
import unittest
from pathlib import Path

import amd
import intel
import nvidia
import table
from compilers import CompilerCrash, CompilerError, run
from instructions import Instruction
from loops import analyse
from programs import CPU_ONLY, FLAGS, ROOT, Tile, builds, read_tiles
from targets import Targets

sys.path.insert(0, str(ROOT / "Tools/kernels"))
from kernels import Library  # noqa: E402

PTXAS_LOG = """\
ptxas info    : Compiling entry function 'dot' for 'sm_90'
ptxas info    : Function properties for dot
    16 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 13 registers, used 1 barriers, 256 bytes smem
"""
SASS = """\
\t\tFunction : dot
        /*0070*/              @!P0 BRA 0x270 ;              /* 0x00000080001c0947 */
        /*0150*/                   LDG.E R0, desc[UR8][R2.64] ;
        /*0180*/                   STS [R9+UR4], R0 ;
        /*0190*/                   BAR.SYNC.DEFER_BLOCKING 0x0 ;
        /*01a0*/                   LDG.E.128 R4, desc[UR8][R4.64+-0x4] ;
        /*01c0*/                   IADD3 R2, P1, R2, 0x100, RZ ;
        /*01e0*/                   LDS R6, [UR4] ;
        /*0200*/                   LDS R8, [R10] ;
        /*0220*/                   IMAD.X R3, RZ, RZ, R3, P1 ;
        /*0240*/                   FFMA R6, R4, R6, R7 ;
        /*0250*/                   FFMA R7, R5, R8, R6 ;
        /*0260*/               @P0 BRA 0x150 ;
        /*0270*/                   STG.E desc[UR8][R2.64], R7 ;
        /*0280*/                   EXIT ;
        /*0290*/                   BRA 0x290;
        /*02a0*/                   NOP;
"""
AMD_ASSEMBLY = """\
dot:                                    ; @dot
; %bb.0:
\ts_cbranch_scc1 .LBB0_6
.LBB0_5:                                ; =>This Inner Loop Header: Depth=1
\tglobal_load_dword v7, v[2:3], off
\tv_add_co_u32_e32 v2, vcc, 0x100, v2
\tv_addc_co_u32_e32 v3, vcc, 0, v3, vcc
\ts_waitcnt vmcnt(0)
\tds_write_b32 v5, v7
\tglobal_load_dwordx4 v[8:11], v1, s[0:1]
\tds_read_b32 v7, v1
\tds_read_b32 v10, v6
\tv_fmac_f32_e32 v4, v8, v7
\tv_fmac_f32_e32 v4, v9, v10
\ts_cbranch_scc0 .LBB0_5
.LBB0_6:                                ; %Flow16
\tglobal_store_dword v[0:1], v4, off
\ts_endpgm
.Lfunc_end0:
; Kernel info:
; codeLenInByte = 224
; NumVgprs: 10
; TotalNumVgprs: 12
; ScratchSize: 32
; LDSByteSize: 256 bytes/workgroup (compile time only)
; Occupancy: 8
; COMPUTE_PGM_RSRC2:SCRATCH_EN: 0
amdhsa.kernels:
  - .args:
        .type_name:      'float*'
    .name:           dot
    .sgpr_count:     14
    .sgpr_spill_count: 1
    .vgpr_spill_count: 2
"""
INTEL_ASSEMBLY = """\
//.kernel dot
//.thread_config numGRF=128, numAcc=4, numSWSB=16
//.spill size 64
//.private memory size 512
// B004: [inDivergent],  Preds:{B002},  Succs:{B005, B006}
_0_007:
        shl (16|M0)              r13.0<1>:d    r4.0<1;1,0>:d     2:w               {Compacted,I@6}   // $12
(f1.0)  goto (32|M0)                         _0_009            _0_009                                // $6
// B005: [inDivergent],  Preds:{B005, B004},  Succs:{B006, B005}
_0_010:
        sync.nop                             null                             {Compacted,$4.src}     // $26
        send.dc1 (16|M0)  r25 r21 null:0  0x0  0x04205E01  {A@2,$7} // wr:2+0, rd:2; untyped surface read with x // $26
        send.dc1 (16|M0)  null r13 r25:2  0x0  0x04025EFE  {$4} // wr:2+2, rd:0; untyped surface write with x // $29
(W)     send.gtwy (1|M0)  null r30 null:0  0x0  0x02000004  {A@2,$3} // wr:1+0, rd:0; signal barrier // $32
        send.dc1 (16|M0)  r9 r123 null  0x0  0x02406002  {$7} // wr:1+0, rd:4; untyped surface read with xyzw // $37
        send.dc1 (16|M0)  r36 r17 null:0  0x0  0x04205EFE  {$12} // wr:2+0, rd:2; untyped surface read with x // $39
        send.dc1 (16|M0)  r38 r19 null:0  0x0  0x04205EFE  {$13} // wr:2+0, rd:2; untyped surface read with x // $40
        mad (16|M0)              acc0.0<1>:f   r9.0<1;0>:f       r34.0<0;0>:f      r32.0<0>:f       {$10.dst} // $41
        mad (16|M0)              r9.0<1>:f     acc0.0<1;0>:f     r36.0<1;0>:f      r32.1<0>:f       {$12.dst} // $43
(f0.0)  goto.b (32|M0)                       _0_009            _0_010                                // $50
// B006: Preds:{B005, B004},  Succs:{}
_0_009:
        send.dc1 (16|M0)  null r46 r9:2  0x0  0x04025E02  {A@2,$15} // wr:2+2, rd:0; untyped surface write with x // $54
"""
INTEL_LLVM = """\
@dot.tile = internal addrspace(3) global [2 x [64 x <4 x float>]] undef, align 16
!0 = !{void (float addrspace(1)*, i32)* @dot, !1, !7}
!1 = !{!"kernel_arg_addr_space", i32 1, i32 0}
!7 = !{!"reqd_work_group_size", i32 16, i32 4, i32 1}
"""


class ReaderTests(unittest.TestCase):
    def check_loop(self, listing, **expected):
        best = analyse(listing, 2, 1)["best"]
        self.assertEqual(best["widths"], {"LDG.32": 1, "LDG.128": 1, "STS.32": 1, "LDS.32": 2})
        self.assertEqual({name: best.get(name, 0) for name in expected}, expected)

    def test_nvidia(self):
        kernels = nvidia.read_log(PTXAS_LOG)
        nvidia.read_listing(SASS, kernels)
        kernel = kernels["dot"]
        listing = kernel.pop("listing")
        self.assertEqual(kernel, {"registers": 13, "stack": 16, "spills": 8, "local": 256, "code": 0x290})
        self.check_loop(listing, fmas=2, issued=11, fma_share=0.182, wide=1, barrier=1)

    def test_nvidia_occupancy(self):
        kernel = {"registers": 225, "local": 16896, "group": 256}
        nvidia.add_occupancy(kernel, nvidia.ARCHITECTURES["sm_90"])
        self.assertEqual((kernel["groups_per_unit"], kernel["occupancy"]), (1, 0.125))
        kernel = {"registers": 128, "local": 16896, "group": 256}
        nvidia.add_occupancy(kernel, nvidia.ARCHITECTURES["sm_90"])
        self.assertEqual(kernel["groups_per_unit"], 2)

    def test_nvidia_group_sizes(self):
        text = nvidia.with_group_sizes(".visible .entry dot(\n\t.param .u64 a\n)\n{\n", {"dot": [64, 2, 1]})
        self.assertIn(")\n.reqntid 64, 2, 1\n{", text)

    def test_amd(self):
        kernel = amd.read(AMD_ASSEMBLY)["dot"]
        listing = kernel.pop("listing")
        self.assertEqual(
            kernel, {"registers": 12, "stack": 32, "spills": 3, "local": 256, "code": 224, "waves": 8})
        self.check_loop(listing, fmas=2, issued=4, fma_share=0.5, wide=1)
        without_accumulators = AMD_ASSEMBLY.replace("; TotalNumVgprs: 12\n", "")
        self.assertEqual(amd.read(without_accumulators)["dot"]["registers"], 10)

    def test_intel(self):
        name, kernel = intel.read(INTEL_ASSEMBLY, 16)
        listing = kernel.pop("listing")
        self.assertEqual(name, "dot")
        self.assertEqual(
            kernel, {"registers": 128, "stack": 512, "spills": 64, "code": 16 * 13 - 8 * 2, "simd": 16})
        self.check_loop(listing, fmas=2, issued=9, barrier=1)
        self.assertEqual(intel.read_groups(INTEL_LLVM), {"dot": [16, 4, 1]})
        self.assertEqual(intel.read_local_memory(INTEL_LLVM), {"dot": 2048})

    def test_ways_through_a_loop(self):
        """An instruction that only some turns pass is on the longest way, not on the best one."""
        loop = [
            (0, Instruction("LDS")), (1, Instruction("branch", target=3)), (2, Instruction("integer")),
            (3, Instruction("FMA", fmas=1)), (4, Instruction("branch", target=0)), (5, Instruction())]
        found = analyse(loop, 0, 2)
        self.assertEqual((found["best"]["issued"], found["longest"]["issued"]), (4, 5))
        self.assertEqual((found["best"]["fma_share"], found["best"]["bound"]), (0.25, 0.5))

    def test_loop_over_tiles(self):
        """Of a tile's kernel the main loop is the one that loads from local memory, however much another multiplies."""
        tiles = [(0, Instruction("LDS")), (1, Instruction("FMA", fmas=1)), (2, Instruction("branch", target=0))]
        other = [(place, Instruction("FMA", fmas=1)) for place in range(3, 9)] + [(9, Instruction("branch", target=3))]
        code = [*tiles, *other, (10, Instruction())]
        self.assertEqual(analyse(code, 1, 1)["best"]["issued"], 3)
        self.assertEqual(analyse(code, 0, 1)["best"]["issued"], 7)

    def test_tiles_of_swift(self):
        tiles = read_tiles()
        text = read_tiles.__defaults__[0].read_text(encoding="utf-8")
        self.assertEqual(len(tiles.all), text.count("= LocalTile(rows:"))
        self.assertEqual(set(tiles.all) - set(tiles.of_convolutions), {Tile(128, 128, 8, 8, 8), Tile(16, 16, 64, 4, 4)})
        self.assertEqual(Tile.named(str(tiles.square)), tiles.square)


class BuildTests(unittest.TestCase):
    library, tiles = Library(ROOT / "Kernels"), read_tiles()

    def test_kernels(self):
        found = {label.split()[0] for build in builds(self.library, self.tiles) for label in build.labels}
        programs = [program for program in self.library.programs if program.name not in CPU_ONLY]
        self.assertEqual(found, {kernel.name for program in programs for kernel in program.kernels})

    def test_flags_of_swift(self):
        """FLAGS are those of the LocalTileKernels, and every kernel of a program has the same."""
        found = {}
        for path in ROOT.glob("Sources/Tensors/**/*.swift"):
            text = path.read_text(encoding="utf-8")
            shared = re.search(r"let flags = \[(.*?)\]", text)
            kernels = re.findall(r'LocalTileKernel\(\s*"(\w+)", "\w+", flags: (flags|\[.*?\])\)', text)
            for program, flags in kernels:
                listed = tuple(re.findall(r'"(\w+)"', shared[0] if flags == "flags" else flags))
                self.assertEqual(found.setdefault(program, listed), listed)
        self.assertEqual(found, FLAGS)

    def test_builds(self):
        all_builds = builds(self.library, self.tiles)
        products = [build for build in all_builds if build.program == "gemm_tile"]
        self.assertEqual(len({(build.tile, build.flags) for build in products}), 10 * 8)
        self.assertEqual(sum(build.program == "conv2d_tile" for build in all_builds), 8 * 4)
        quick = [build for build in products if build.is_quick(self.tiles)]
        self.assertEqual(len(quick), 10 * 4 + 4)
        self.assertEqual({build.tile for build in quick if "ALIGNED" not in build.flags}, {self.tiles.square})
        self.assertTrue(all(build.is_quick(self.tiles) for build in all_builds if not build.flags))
        build = next(build for build in products if build.tile == self.tiles.square and build.flags == "none")
        self.assertIn("-DA_IS_TRANSPOSED=0", build.options)
        self.assertEqual((build.registers, build.groups), (128, {"gemm_tile": 128}))

    def test_groups(self):
        """Items of a group of kernels with local memory; the others of these programs are not named."""
        groups = {build.program: build.groups for build in builds(self.library, self.tiles)}
        self.assertEqual(groups["column_sum_tile"], {"column_sum_tile": 256})
        self.assertEqual(
            groups["loss_tile"], {"squared_error_tile": 256, "cross_entropy_rows_tile": 64, "loss_finish_tile": 256})
        self.assertEqual(groups["sum_splits"], {"sum_splits": 64})
        self.assertNotIn("batch_norm_forward_tile", groups["batch_norm_tile"])

    def test_register_limit(self):
        self.assertEqual(
            nvidia.limited(["-DA=1"], 128), ["-DA=1", "-DHAS_REGISTER_LIMIT=1", "-cl-nv-maxrregcount=128"])
        self.assertEqual(nvidia.limited(["-DA=1"], None), ["-DA=1"])


class TargetTests(unittest.TestCase):
    tiles = [Tile(128, 128, 8, 8, 8), Tile(64, 64, 16, 4, 4), Tile(64, 16, 16, 4, 4)]

    def targets(self, misses):
        content = {
            "kernels": {"product": ["dot"]},
            "goals": [
                {"about": "", "kernels": "product", "targets": "*", "at_most": {"stack": 0}},
                {"about": "", "kernels": "product", "flags": "ALIGNED", "targets": "*", "at_most": {"narrow_loads": 0}},
                {"about": "", "kernels": "product", "targets": "sm_*", "tiles": "large", "at_least": {"fma_share": 0.8}},
                {"about": "", "kernels": "product", "targets": "sm_*", "tiles": "largest",
                 "at_least": {"fma_share": 0.9}}],
            "misses": misses}
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "targets.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return Targets(self.tiles, path)

    def row(self, tile, target="sm_90", stack=0, share=0.85, kernel="dot", loads=0, flags="ALIGNED"):
        loop = {"best": {"fma_share": share, "widths": {"LDG.32": loads}}}
        row = {"kernel": kernel, "tile": str(tile), "flags": flags, "target": target, "stack": stack, "loop": loop}
        return row, tile

    def test_goals(self):
        targets = self.targets({})
        largest, square, slim = self.tiles
        self.assertEqual(targets.missed(*self.row(largest)), {"fma_share": 0.85})
        self.assertEqual(targets.missed(*self.row(square)), {})
        self.assertEqual(targets.missed(*self.row(slim, share=0.1)), {})
        self.assertEqual(targets.missed(*self.row(largest, "gfx90a", stack=8, loads=4)), {"stack": 8, "narrow_loads": 4})
        self.assertEqual(targets.missed(*self.row(largest, "gfx90a", loads=4, flags="none")), {})

    def test_misses_must_not_get_worse(self):
        largest = self.tiles[0]
        targets = self.targets({f"dot {largest} ALIGNED sm_90": {"fma_share": 0.85, "stack": 16}})
        self.assertEqual(targets.check([self.row(largest, stack=16)]), ([], 0))
        self.assertEqual(targets.check([self.row(largest, share=0.95)]), ([], 2))
        problems, _ = targets.check([self.row(largest, share=0.84, stack=24)])
        self.assertEqual(len(problems), 2)

    def test_crash(self):
        """A compiler that crashes is a problem, unless it is known to."""
        tile = self.tiles[0]
        row = {"kernel": "dot", "tile": str(tile), "flags": "none", "target": "dg2", "crashes": 1}
        problems, _ = self.targets({}).check([(row, tile)])
        self.assertEqual(len(problems), 1)
        name = f"dot {tile} none dg2"
        self.assertEqual(self.targets({name: {"crashes": 1}}).check([(row, tile)]), ([], 0))
        built = self.row(tile, "dg2", flags="none")
        self.assertEqual(self.targets({name: {"crashes": 1}}).check([built]), ([], 1))
        self.assertIn("crashes", table.cells({**row, "program": "dot"})[4])
        for command, error in (("kill -SEGV $$", CompilerCrash), ("exit 245", CompilerCrash), ("exit 1", CompilerError)):
            with self.assertRaises(CompilerError) as raised:
                run(["sh", "-c", command])
            self.assertIs(type(raised.exception), error)

    def test_every_kernel_has_a_target(self):
        self.assertEqual(self.targets({}).check_names({"dot"}), [])
        self.assertEqual(len(self.targets({}).check_names({"sum"})), 2)

    def test_written_misses(self):
        largest, square, _ = self.tiles
        labels = {f"dot {tile} {flags}" for tile in self.tiles for flags in ("ALIGNED", "none")}
        gone = {f"old {largest} none sm_90": {"stack": 8}, "dot 8x8x8/4x4 none sm_90": {"stack": 8}}
        kept = {f"dot {square} ALIGNED sm_90": {"stack": 8}, f"dot {largest} none sm_90": {"stack": 8}}
        targets = self.targets({**gone, **kept, f"dot {largest} ALIGNED sm_90": {"stack": 8}})
        targets.write([self.row(largest)], labels)
        again = Targets(self.tiles, targets.path)
        self.assertEqual(again.misses, {**kept, f"dot {largest} ALIGNED sm_90": {"fma_share": 0.85}})
        targets.write([self.row(largest, share=0.9)], labels)
        self.assertEqual(targets.misses, kept)

    def test_checked_in_file_is_as_written(self):
        targets = Targets(read_tiles().all)
        self.assertEqual(targets.path.read_text(encoding="utf-8"), targets.text())


if __name__ == "__main__":
    unittest.main()
