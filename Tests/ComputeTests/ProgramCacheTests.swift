import Compute
import Foundation
import TestSupport
import Testing

@Suite struct ProgramCacheTests {
  /// A folder that is removed at the end.
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("telar-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func files(in folder: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
  }

  /// Opens a device with this cache and computes something.
  private func compute(_ index: Int, _ folder: URL?) throws {
    let device = try OpenCLDevice(index: index, programCache: folder.map { ProgramCache(directory: $0) })
    let buffer = try device.allocate(byteCount: 64)
    try device.fill(buffer, at: 0, byteCount: 64, pattern: Float(2).bitPattern)
    try device.launch(
      Kernel("elementwise", "add"), over: Grid(16), [.buffer(buffer), .buffer(buffer), .buffer(buffer), .int(16)])
    #expect(try buffer.read(Float.self, count: 16) == [Float](repeating: 4, count: 16))
  }

  @Test func whatIsStoredIsLoadedForItsKeyOnly() throws {
    try withFolder { folder in
      let cache = ProgramCache(directory: folder.appendingPathComponent("new/folder"))
      #expect(cache.load("a") == nil)
      cache.store([1, 2, 3], for: "a")
      cache.store([], for: "empty")
      #expect(cache.load("a") == [1, 2, 3] && cache.load("empty") == [] && cache.load("b") == nil)
      // A file under another key's name, as after a collision of names.
      try FileManager.default.copyItem(at: cache.file(for: "a"), to: cache.file(for: "b"))
      #expect(cache.load("b") == nil)
      cache.store([4], for: "a")
      #expect(cache.load("a") == [4])
      #expect(try files(in: folder.appendingPathComponent("new/folder")).count == 3)
    }
  }

  @Test func everyDamagedByteAndLengthCountsAsAbsent() throws {
    try withFolder { folder in
      let cache = ProgramCache(directory: folder)
      cache.store(Array(0..<40), for: "key")
      let file = cache.file(for: "key")
      let good = [UInt8](try Data(contentsOf: file))
      for index in good.indices {
        var bad = good
        bad[index] ^= 0x10
        try Data(bad).write(to: file)
        #expect(cache.load("key") == nil, "byte \(index) changed")
        try Data(good[..<index]).write(to: file)
        #expect(cache.load("key") == nil, "cut after \(index) bytes")
      }
      try Data(good + [0]).write(to: file)
      #expect(cache.load("key") == nil)
      try Data(good).write(to: file)
      #expect(cache.load("key") == Array(0..<40))
    }
  }

  @Test func aFileLongerThanAnyProgramIsNotRead() throws {
    try withFolder { folder in
      let cache = ProgramCache(directory: folder)
      cache.store([1], for: "key")
      // Sparse: it takes no room on the disk.
      #expect(truncate(cache.file(for: "key").path, 3 << 30) == 0)
      #expect(cache.load("key") == nil)
    }
  }

  @Test func foldersAreMadeForTheirOwnerOnly() throws {
    try withFolder { folder in
      let cache = CacheDirectory(folder.path + "/above/telar")
      ProgramCache(cache.folder("programs")).store([1], for: "key")
      for path in ["above/telar", "above/telar/programs"] {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(path)")
        #expect(attributes[.posixPermissions] as? Int == 0o700, "\(path)")
      }
    }
  }

  /// What another user could do to a cache: the path below the folder, and the deed.
  private typealias Deed = (path: String, body: @Sendable (String) -> Int32)
  private static let deeds: [Deed] = ["telar", "telar/programs", "file"].flatMap { path in
    var deeds: [Deed] = [0o770, 0o702].map { mode in (path, { chmod($0, mode) }) }
    // Only root can give files away.
    if geteuid() == 0 { deeds.append((path, { chown($0, 12345, 0) })) }
    if path != "telar" { deeds.append((path, { rename($0, $0 + "-") == 0 ? symlink($0 + "-", $0) : -1 })) }
    return deeds
  }

  @Test(arguments: deeds.indices)
  func whatOthersCanWriteIsNotUsed(index: Int) throws {
    try withFolder { folder in
      let cache = ProgramCache(CacheDirectory(folder.path + "/telar").folder("programs"))
      cache.store([1, 2], for: "key")
      #expect(cache.load("key") == [1, 2])
      let (path, deed) = Self.deeds[index]
      let target = path == "file" ? cache.file(for: "key").path : "\(folder.path)/\(path)"
      #expect(deed(target) == 0)
      #expect(cache.load("key") == nil, "\(path)")
      if path != "file" {
        cache.store([3], for: "another")
        #expect(access(cache.file(for: "another").path, F_OK) != 0, "\(path)")
      }
    }
  }

  @Test(arguments: TestDevices.openCL.indices)
  func aDamagedFileIsBuiltAgain(index: Int) throws {
    try withFolder { folder in
      try compute(index, folder)
      let file = try #require(try files(in: folder).first)
      let good = try Data(contentsOf: file)
      try compute(index, folder)
      #expect(try Data(contentsOf: file) == good, "a good file is left as it is")
      for bad in [Data(), good.prefix(30), good.dropLast(1), Data(good.reversed())] {
        try bad.write(to: file)
        try compute(index, folder)
        #expect(try Data(contentsOf: file).count >= good.count / 2, "replaced by a whole one")
      }
    }
  }

  @Test(arguments: TestDevices.openCL.indices)
  func aBinaryThatTheDriverRefusesIsBuiltAgain(index: Int) throws {
    // Mesa's ends the process over a binary that is not its own, which the checksum keeps from it.
    if try OpenCLDevice.available()[index].driver.hasPrefix("rusticl") { return }
    try withFolder { folder in
      try compute(index, folder)
      let file = try #require(try files(in: folder).first)
      let good = [UInt8](try Data(contentsOf: file))
      // The layout: 16 bytes of magic, the counts of key and binary, a checksum, the key.
      let keyCount = (0..<8).reduce(0) { $0 | Int(good[16 + $1]) << (8 * $1) }
      let key = String(decoding: good[36..<(36 + keyCount)], as: UTF8.self)
      let cache = ProgramCache(directory: folder)
      #expect(cache.load(key) != nil)
      cache.store([UInt8](repeating: 0, count: 100), for: key)
      try compute(index, folder)
      #expect(try #require(cache.load(key)).count > 100)
    }
  }

  @Test(arguments: TestDevices.openCL.indices)
  func aFolderThatCannotBeWrittenIsNoMatter(index: Int) throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("file")
      try Data([1]).write(to: file)
      try compute(index, file.appendingPathComponent("programs"))
      try compute(index, URL(fileURLWithPath: "/proc/telar"))
      try compute(index, nil)
      #expect(try Data(contentsOf: file) == Data([1]))
    }
  }

  #if os(Linux)
    @Test func theEnvironmentSaysWhereAndWhether() async {
      await #expect(processExitsWith: .success) {
        setenv("XDG_CACHE_HOME", "/tmp/some where", 1)
        #expect(CacheDirectory.standard?.path == "/tmp/some where/telar")
        setenv("XDG_CACHE_HOME", "relative", 1)
        setenv("HOME", "/home/somebody", 1)
        #expect(CacheDirectory.standard?.path == "/home/somebody/.cache/telar")
        unsetenv("HOME")
        #expect(CacheDirectory.standard == nil)
        setenv("XDG_CACHE_HOME", "/tmp", 1)
        setenv("TELAR_NO_CACHE", "1", 1)
        #expect(CacheDirectory.standard == nil && ProgramCache.standard == nil)
      }
    }
  #endif
}
