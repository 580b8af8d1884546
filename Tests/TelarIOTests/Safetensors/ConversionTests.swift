import TelarIO
import TestSupport
import Testing

/// Values as PyTorch's `copy_` converts them.
@Suite struct ConversionTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file with one tensor `x` of a type that these bytes are values of.
  private func file(_ type: String, _ shape: String, _ data: [UInt8]) throws -> SafetensorsFile {
    let header = #"{"x":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[0,\#(data.count)]}}"#
    return try SafetensorsFile(folder.file(header: header, data: data))
  }

  private static func bytes<Value: BitwiseCopyable>(_ values: Value...) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
  }

  @Test func floatsComeFromEveryRealType() throws {
    func floats(_ type: String, _ data: [UInt8], _ count: Int) throws -> [Float] {
      try file(type, "[\(count)]", data).floats("x")
    }
    #expect(try floats("F64", Self.bytes(0.1, -2.5, 1e300), 3) == [0.1, -2.5, .infinity])
    #expect(try floats("I64", Self.bytes(Int64(1) << 40 + 1, -3), 2) == [0x1p40, -3])
    #expect(try floats("U64", Self.bytes(UInt64.max), 1) == [0x1p64])
    #expect(try floats("I32", Self.bytes(Int32(-7)), 1) == [-7] && floats("U32", Self.bytes(UInt32.max), 1) == [0x1p32])
    #expect(
      try floats("I16", Self.bytes(Int16(-7)), 1) == [-7] && floats("U16", Self.bytes(UInt16(65535)), 1) == [65535])
    #expect(try floats("I8", Self.bytes(Int8(-7)), 1) == [-7] && floats("U8", [200], 1) == [200])
    #expect(try floats("BOOL", [0, 1, 1], 3) == [0, 1, 1])
    // torch.tensor([1.75, -0.0625, 57344]).to(torch.float8_e5m2), and an infinity.
    #expect(try floats("F8_E5M2", [0x3f, 0xac, 0x7b, 0xfc], 4) == [1.75, -0.0625, 57344, -.infinity])
    // torch.tensor([1.875, -448, 2 ** -9]).to(torch.float8_e4m3fn), and a NaN.
    let e4m3 = try floats("F8_E4M3", [0x3f, 0xfe, 0x01, 0x7f], 4)
    #expect(Array(e4m3[..<3]) == [1.875, -448, 0x1p-9] && e4m3[3].isNaN)
    let e8m0 = try floats("F8_E8M0", [0x00, 0x7f, 0x80, 0xff], 4)
    #expect(Array(e8m0[..<3]) == [0x1p-127, 1, 2] && e8m0[3].isNaN)
    let error = #expect(throws: SafetensorsError.self) { try floats("C64", Self.bytes(1.0), 1) }
    #expect(error?.kind == .mismatch)
  }

  @Test(
    arguments: [
      ("I64", bytes(Int64(7)), 7), ("I64", bytes(Int64.max), Int64.max), ("U64", bytes(UInt64(7)), 7),
      ("I32", bytes(Int32.max), Int64(Int32.max)), ("U32", bytes(UInt32.max), Int64(UInt32.max)),
      ("I16", bytes(Int16(7)), 7), ("U16", bytes(UInt16.max), 65535), ("I8", bytes(Int8(7)), 7), ("U8", [7], 7),
      ("F64", bytes(Double(0x1p53)), 1 << 53), ("F32", bytes(Float(16_777_216)), 1 << 24), ("F16", [0, 0x47], 7),
      ("BF16", [0xe0, 0x40], 7), ("F32", bytes(Float(-0.0)), 0),
    ] as [(String, [UInt8], Int64)])
  func aCountIsAWholeNumberOfAnyType(type: String, data: [UInt8], count: Int64) throws {
    #expect(try file(type, "[]", data).count("x") == count)
    #expect(try file(type, "[1]", data).count("x") == count)
  }

  @Test(
    arguments: [
      ("I64", bytes(Int64(-1))), ("U64", bytes(UInt64.max)), ("I8", bytes(Int8(-1))), ("F64", bytes(0.5)),
      ("F64", bytes(Double(0x1p63))), ("F64", bytes(Double.nan)), ("F32", bytes(Float.infinity)), ("F16", [0, 0x38]),
      ("BF16", [0, 0xbf]), ("C64", bytes(1.0)),
    ] as [(String, [UInt8])])
  func whatIsNoCountIsRefused(type: String, data: [UInt8]) throws {
    let error = #expect(throws: SafetensorsError.self) { try file(type, "[]", data).count("x") }
    #expect(error?.kind == .mismatch && error?.problem.contains("\"x\"") == true)
  }

  @Test func aCountIsOneNumber() throws {
    #expect(throws: SafetensorsError.self) { try file("I64", "[2]", Self.bytes(Int64(1), 2)).count("x") }
    #expect(throws: SafetensorsError.self) { try file("I64", "[0]", []).count("x") }
  }
}
