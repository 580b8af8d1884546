import CLibcrypto
import Foundation

/// SHA-256 of a file of any length, in hexadecimal; `nil` where it cannot be read.
package func sha256(ofFile path: String) -> String? {
  // O_NONBLOCK keeps a named pipe without a writer from blocking.
  let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  let sum = SHA256()
  let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
  defer { block.deallocate() }
  while true {
    let count = read(descriptor, block.baseAddress!, block.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { return nil }
    if count == 0 { return sum.finish() }
    sum.update(UnsafeRawBufferPointer(rebasing: block[..<count]))
  }
}

/// SHA-256 of bytes, in hexadecimal.
package func sha256(_ bytes: [UInt8]) -> String {
  let sum = SHA256()
  bytes.withUnsafeBytes { sum.update($0) }
  return sum.finish()
}

/// An incremental SHA-256.
struct SHA256: ~Copyable {
  private let context: OpaquePointer

  init() {
    context = EVP_MD_CTX_new()
    EVP_DigestInit_ex(context, EVP_sha256(), nil)
  }

  deinit { EVP_MD_CTX_free(context) }

  func update(_ bytes: UnsafeRawBufferPointer) {
    EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  /// The digest in hexadecimal.
  consuming func finish() -> String {
    let digits = Array("0123456789abcdef")
    return String(finishBytes().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  /// The 32 bytes of the digest.
  consuming func finishBytes() -> [UInt8] {
    var sum = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &sum, nil)
    return sum
  }
}
