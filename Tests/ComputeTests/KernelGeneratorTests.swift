import Foundation
import TestSupport
import Testing

/// `Tools/kernels/generate.py`, which writes what CKernels knows of the kernels.
@Suite struct KernelGeneratorTests {
  private static let generator = Repository.root.appendingPathComponent("Tools/kernels/generate.py").path

  /// What a run says, and whether it succeeds.
  private func run(_ arguments: [String]) throws -> (succeeds: Bool, message: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", Self.generator] + arguments
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let message = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus == 0, message)
  }

  @Test func `what is checked in is what the kernels make of it`() throws {
    let (succeeds, message) = try run(["--check"])
    #expect(succeeds, "\(message)")
  }

  private static let shared = "#ifndef SHARED_CL\n#define SHARED_CL\n#endif\n"

  /// Runs `body` with a folder that has these files under Kernels.
  private func withKernels(_ files: [String: String], _ body: (TemporaryFolder) throws -> Void) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path + "/Kernels", withIntermediateDirectories: true)
    for (name, text) in files { try folder.write("Kernels/" + name, Array(text.utf8)) }
    try body(folder)
  }

  @Test func `kernels are read whatever their layout`() throws {
    let text = """
      // kernel void in_a_comment(int x) { /* is none
      #include "shared.cl"
      #define GROUP __attribute__((reqd_work_group_size(64, 1, 1))) kernel
      /* nor is kernel void this(int x) {} */ kernel
        void one(global const float*x, // with kernel words
                 __global ushort  *restrict y,
                 const int n, uint key, float scale) { }
      GROUP void two(local float *scratch, global const uchar *const bytes) { }
      __kernel __attribute__((vec_type_hint(float4))) void three(global int *out) { }

      """
    try withKernels(["program.cl": text, "shared.cl": Self.shared, "program.h": "#define PROGRAM_SIZE 3\n"]) { folder in
      #expect(try run(["--root", folder.path]).succeeds)
      #expect(try run(["--root", folder.path, "--check"]).succeeds)
      let table = try folder.text("Sources/CKernels/generated/programs.c")
      for row in [#""one", "cbiuf", 0"#, #""two", "lc", 0"#, #""three", "b", 0"#, "PROGRAM(program, 1)"] {
        #expect(table.contains(row), "\(row) is not in \(table)")
      }
      #expect(table.contains("program_files[] = {&shared_cl, &program_cl};"))
      try folder.write("Kernels/program.cl", Array("#include \"shared.cl\"\nkernel void one(int n) { }\n".utf8))
      let (succeeds, message) = try run(["--root", folder.path, "--check"])
      #expect(!succeeds && message.contains("run make kernels"), "\(message)")
    }
  }

  @Test(arguments: [
    ("kernel void f(global float *x) {}\nkernel int g(int x) { return x; }\n", "program.cl:2: a kernel returns void"),
    ("kernel void f(\n  global float *x,\n  image2d_t y) {}\n", "program.cl:3: f: 'image2d_t y' is no"),
    ("kernel void f(global half *x) {}\n", "program.cl:1: f: 'global half * x' is no"),
    ("kernel void f(float x[4]) {}\n", "program.cl:1: f: 'float x [ 4 ]' is no"),
    ("kernel void f() {}\n", "program.cl:1: f: '' is no"),
    ("kernel void f(int x);\n", "program.cl:1: f: a kernel's body is expected"),
    ("kernel void f(int x", "program.cl:1: f: arguments without their end"),
    ("kernel void TILED(f, g)(int x) {}\n", "program.cl:1: the name of a kernel for each register tile"),
    ("#if 1\nkernel void f(int x) {}\n#endif\n", "program.cl:2: a kernel under an #if"),
    ("#if 1\nkernel void f(int x) {}\n", "program.cl:1: an #if without its #endif"),
    ("#define MAKE(name) kernel void name(int x) {}\nMAKE(f)\n", "program.cl:1: MAKE makes kernels"),
    ("/* open\nkernel void f(int x) {}\n", "program.cl:1: a comment without its end"),
    ("#include <math.h>\nkernel void f(int x) {}\n", "program.cl:1: an include is written"),
    (" #include \"shared.cl\"\nkernel void f(int x) {}\n", "program.cl:1: an include is written"),
    ("#include \"missing.cl\"\nkernel void f(int x) {}\n", "program.cl:1: there is no Kernels/missing.cl"),
    ("#include \"program.cl\"\nkernel void f(int x) {}\n", "program.cl:1: program.cl includes program.cl too"),
    ("#include \"other.cl\"\nkernel void f(int x) {}\n", "program.cl:1: other.cl has kernels"),
    ("kernel void f(int x) {}\nkernel void g(int x) {}\n", "there is a kernel g in other.cl too"),
    ("int helper(int x) { return x; }\n", "program.cl:1: no kernels, and no program includes it"),
    ("#import \"shared.cl\"\nkernel void f(int x) {}\n", "program.cl:1: #import is not understood"),
  ])
  func `what is not understood is refused with its line`(text: String, message: String) throws {
    let other = "#include \"shared.cl\"\nkernel void g(int x) {}\n"
    try withKernels(["program.cl": text, "other.cl": other, "shared.cl": Self.shared]) { folder in
      let result = try run(["--root", folder.path])
      #expect(!result.succeeds && result.message.contains(message), "\(result.message)")
    }
  }

  @Test(arguments: [
    (["a.h": "#define SIZE 1\n", "b.h": "#define SIZE 2\n"], "b.h:1: SIZE is defined in a.h too"),
    (["a.h": "int size;\n"], "a.h:1: a header holds macros only"),
  ])
  func `headers hold macros that Swift can read`(headers: [String: String], message: String) throws {
    var files = headers
    files["program.cl"] = "kernel void f(int x) {}\n"
    try withKernels(files) { folder in
      let result = try run(["--root", folder.path])
      #expect(!result.succeeds && result.message.contains(message), "\(result.message)")
    }
  }
}
