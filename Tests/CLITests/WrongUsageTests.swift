import Foundation
import TestSupport
import Testing

/// Wrong commands: one line on standard error that begins with the program's name, nothing on standard output, the
/// documented exit code, and at once.
@Suite("Wrong usage")
struct WrongUsageTests {
  private func expectRefusal(
    _ arguments: [String], status: Int32, _ part: String, environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let output = try Telar.run(arguments, environment: environment)
    #expect(output.status == status, "\(arguments): \(output.error)", sourceLocation: sourceLocation)
    #expect(output.out.isEmpty, "\(arguments)", sourceLocation: sourceLocation)
    let lines = output.errorLines.filter { !$0.hasPrefix("Device ") && !$0.hasPrefix("Chosen because") }
    #expect(lines.count == 1, "\(output.error)", sourceLocation: sourceLocation)
    #expect(lines.first?.hasPrefix("telar: ") == true, sourceLocation: sourceLocation)
    #expect(output.error.contains(part), "\(output.error)", sourceLocation: sourceLocation)
  }

  @Test(
    arguments: [
      (["nope"], "Unexpected argument 'nope'. See 'telar --help'"),
      (["--nope"], "Unknown option '--nope'"),
      (["studi", "molina"], "there is no command 'studi'. Did you mean 'study'? See 'telar --help'"),
      (["bench", "trian"], "there is no command 'trian'. Did you mean 'train'? See 'telar bench --help'"),
      (["study", "molina", "--epoch", "3"], "Unknown option '--epoch'. Did you mean '--epochs'?"),
      (["study"], "name a study: aldecoa, borgnino, brunello, manolucos, molina."),
      (["study", "no-such-study"], "There are: aldecoa, borgnino, brunello, manolucos, molina."),
      (["study", "aldecoa", "case-9"], "Did you mean case-1?"),
      (["study", "aldecoa", "--epochs", "0"], "--epochs 0 is not 1 to 100,000."),
      (["study", "aldecoa", "--epochs", "many"], "The value 'many' is invalid for '--epochs <count>'"),
      (["study", "aldecoa", "--epochs", "99999999999999999999"], "is invalid for '--epochs <count>'"),
      (["study", "aldecoa", "--epochs"], "Missing value for '--epochs <count>'"),
      (["study", "aldecoa", "--batch-size", "0"], "--batch-size 0 is not 1 to 60,000."),
      (["study", "aldecoa", "--batch-size", "60001"], "--batch-size 60001 is not 1 to 60,000."),
      (["study", "aldecoa", "--batch-size=-5"], "--batch-size -5 is not 1 to 60,000."),
      (["study", "aldecoa", "--seeds", "0"], "--seeds 0 is not 1 to 1,000."),
      (["study", "aldecoa", "--subset", "0"], "--subset 0 is not 1 to 60,000."),
      (["study", "aldecoa", "--curve-images", "0"], "--curve-images 0 is not 1 to 60,000."),
      (["study", "aldecoa", "--out", ""], "--out names no folder."),
      (["study", "aldecoa", "--threads", "0"], "--threads 0 is not 1 to 1024."),
      (["bench", "train", "--batch-size", "0"], "--batch-size 0 is not 1 to 10000."),
      (["bench", "train", "--steps", "0"], "--steps 0 is not"),
      (["bench", "train", "--net", "nope"], "There are: aldecoa-ae-n64, brunello-ae-1,"),
      (["bench", "train", "--net", "molina"], "Did you mean molina-mlp?"),
      (["bench", "gemm", "--sizes", "0"], "--sizes 0 is not 1 to 16384."),
      (["bench", "gemm", "--sizes", "20000"], "--sizes 20000 is not 1 to 16384."),
      (["bench", "ops", "--batch-size", "0"], "--batch-size 0 is not 1 to 10000."),
      (["bench", "ops", "--net", "nope"], "There are: aldecoa-ae-n64, brunello-ae-1,"),
      (
        ["bench", "ops", "--op", "nope"],
        "no operator is named 'nope'. There are: gather, "
      ),
      (["bench", "ops", "--op", "gathr"], "Did you mean gather?"),
      (["explain", "brunelo"], "Did you mean brunello?"),
      (["explain", "molina-mlp", "--pretend", "gpuu"], "no device to pretend is named 'gpuu'. Did you mean gpu?"),
      (["report", "runs", "--format", "markdwn"], "no format is named 'markdwn'. Did you mean markdown?"),
      (["bench", "ops", "--net", "molina-mlp", "--op", "conv2d"], "no network named has conv2d."),
      (["bench", "compare", "a"], "Missing expected argument '<new>'"),
      (["bench", "compare", "a", "b", "--threshold", "-1"], "--threshold -1.0 is not 0 to 1000."),
      (["study", "aldecoa", "--epochs", "-1"], "--epochs -1 is not 1 to 100,000."),
      (["study", "aldecoa", "--seeds", "-1", "--json"], "--seeds -1 is not 1 to 1,000."),
      (["study", "aldecoa", "--subset", "-1"], "--subset -1 is not 1 to 60,000."),
      (["study", "aldecoa", "--curve-images", "-1"], "--curve-images -1 is not 1 to 60,000."),
      (["study", "aldecoa", "--threads", "-2"], "--threads -2 is not 1 to 1024."),
      (["train", "a.toml", "--batch-size", "-1e3"], "The value '-1e3' is invalid for '--batch-size <count>'"),
      (["predict", "a", "b", "--top", "-1"], "--top -1 is not 1 to 10000."),
      (["predict", "a", "b", "--first", "-1"], "--first -1 is not 1 to"),
      (["bench", "gemm", "--sizes", "-64"], "--sizes -64 is not 1 to 16384."),
      (["bench", "train", "--steps", "-1"], "--steps -1 is not 1 to 1000000."),
      (["parity", "--seed", "-1"], "The value '-1' is invalid for '--seed <number>'"),
      (["tune", "--seconds", "-inf"], "--seconds -inf is not above 0 to 86400."),
      (["conformance"], "Missing expected argument '<folder>'"),
      (["parity", "--cases", "0"], "--cases 0 is not 1 to 10000."),
    ])
  func `is refused with 64`(arguments: [String], part: String) throws {
    try expectRefusal(arguments, status: 64, part)
  }

  @Test(
    arguments: [
      (["bench", "gemm", "--device", "no-such-device"], "no device 'no-such-device'"),
      (["bench", "gemm", "--device", "cpuu"], "nor part of a device's name. Did you mean cpu? Devices: cpu:"),
      (["bench", "gemm", "--device", "cpu:sse9"], "there are no kernels for that instruction set"),
      (["bench", "gemm", "--device", "opencl:999"], "OpenCL devices are counted from 0"),
      (["parity", "--against", "no-such-device", "--device", "cpu"], "no device 'no-such-device'"),
    ])
  func `an unknown device is refused with 69`(arguments: [String], part: String) throws {
    try expectRefusal(arguments, status: 69, part)
  }

  @Test func `without OpenCL there is the CPU, and a clear refusal of OpenCL`() throws {
    let none = ["OCL_ICD_VENDORS": "/nonexistent", "OCL_ICD_FILENAMES": ""]
    let devices = try Telar.run(["devices"], environment: none)
    #expect(devices.status == 0)
    #expect(devices.out.contains("* cpu:"))
    #expect(devices.out.contains("pocl-opencl-icd"))
    try expectRefusal(
      ["bench", "gemm", "--device", "opencl"], status: 69, "Install a driver (Debian: pocl-opencl-icd)",
      environment: none)
  }

  @Test func `devices are listed as JSON`() throws {
    let devices = try Telar.run("devices", "--json")
    #expect(devices.status == 0)
    #expect(devices.outLines.allSatisfy { $0.hasPrefix(#"{"device":""#) && $0.hasSuffix("}") })
    #expect(devices.outLines.count { $0.contains(#""chosen":true"#) } == 1)
  }

  @Test func `a folder without golden files is bad data, no folder is missing input`() throws {
    let folder = try TemporaryFolder()
    try expectRefusal(["conformance", folder.path], status: 65, "holds no golden file")
    try expectRefusal(["conformance", folder.path + "/nothing"], status: 66, "there is no such folder")
    try folder.write("op-broken.safetensors", [UInt8](repeating: 7, count: 100))
    try expectRefusal(["conformance", folder.path], status: 65, "op-broken.safetensors")
  }
}
