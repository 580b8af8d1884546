/// Reading tensors as another type, with the conversions of PyTorch's `copy_`.
extension SafetensorsFile {
  /// The elements of a tensor as 32-bit floats, from any real type; wider types are rounded.
  ///
  /// - Throws: ``SafetensorsError`` when the tensor is missing or complex.
  public func floats(_ name: String) throws(SafetensorsError) -> [Float] {
    switch try info(name).type {
    case .float32: return try values(name, as: Float.self)
    case .float64: return try values(name, as: Double.self).map { Float($0) }
    case .float16: return try elements(name, UInt16.self).map(Self.float(half:))
    case .bfloat16: return try elements(name, UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .uint8: return try values(name, as: UInt8.self).map { Float($0) }
    case .int8: return try values(name, as: Int8.self).map { Float($0) }
    case .uint16: return try values(name, as: UInt16.self).map { Float($0) }
    case .int16: return try values(name, as: Int16.self).map { Float($0) }
    case .uint32: return try values(name, as: UInt32.self).map { Float($0) }
    case .int32: return try values(name, as: Int32.self).map { Float($0) }
    case .uint64: return try values(name, as: UInt64.self).map { Float($0) }
    case .int64: return try values(name, as: Int64.self).map { Float($0) }
    case .bool: return try elements(name, UInt8.self).map { $0 == 0 ? 0 : 1 }
    // The upper byte of an IEEE half.
    case .float8E5M2: return try elements(name, UInt8.self).map { Self.float(half: UInt16($0) << 8) }
    case .float8E4M3: return try elements(name, UInt8.self).map(Self.float(e4m3:))
    case .float8E8M0:
      return try elements(name, UInt8.self).map {
        $0 == 0xff ? .nan : Float(sign: .plus, exponent: Int($0) - 127, significand: 1)
      }
    case .complex64:
      throw SafetensorsError(
        .mismatch, path: path, "tensor \(JSON.quoted(name, limit: 60)) is C64, which is not read as floats")
    }
  }

  /// The single element of a tensor as a count: a non-negative whole number of any real type.
  ///
  /// - Throws: ``SafetensorsError`` when the tensor is missing, has another number of elements or another value.
  public func count(_ name: String) throws(SafetensorsError) -> Int64 {
    let info = try info(name)
    guard info.count == 1 else {
      throw SafetensorsError(
        .mismatch, path: path, "tensor \(JSON.quoted(name, limit: 60)) has shape \(info.shape) and should be one number"
      )
    }
    let count: Int64? =
      switch info.type {
      case .int64: try values(name, as: Int64.self)[0]
      case .uint64: Int64(exactly: try values(name, as: UInt64.self)[0])
      case .int32: Int64(try values(name, as: Int32.self)[0])
      case .uint32: Int64(try values(name, as: UInt32.self)[0])
      case .float64: Int64(exactly: try values(name, as: Double.self)[0])
      // A 32-bit float represents all values of the remaining types exactly.
      default: Int64(exactly: try floats(name)[0])
      }
    guard let count, count >= 0 else {
      throw SafetensorsError(
        .mismatch, path: path, "tensor \(JSON.quoted(name, limit: 60)) is not a whole number from 0 to \(Int64.max)")
    }
    return count
  }

  /// The value of an IEEE half. `Float16` is unavailable on x86-64 macOS.
  private static func float(half bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1f)
    let fraction = Float(bits & 0x3ff)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 0x1f: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }

  /// The value of PyTorch's `float8_e4m3fn`, which has no infinities and one NaN of either sign.
  private static func float(e4m3 bits: UInt8) -> Float {
    let sign: Float = bits >> 7 == 0 ? 1 : -1
    let exponent = Int(bits >> 3 & 0xf)
    let fraction = Float(bits & 0x7)
    if bits & 0x7f == 0x7f { return .nan }
    if exponent == 0 { return sign * fraction * 0x1p-9 }
    return sign * Float(sign: .plus, exponent: exponent - 7, significand: 1 + fraction / 8)
  }
}
