import ArgumentParser
import Telar

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the network of a checkpoint for other programs.",
    discussion: """
      An ONNX file (operators of version \(ONNXModel.operatorSet)) holds what the network computes in evaluation mode. \
      Its input is named input and is [N, channels, height, width], N left open; its output is named output, a \
      classifier's are logits. Tensors keep the names that they have in the checkpoint. How pixels are normalised, the \
      loss and the names of classes are properties of the model.

      EXAMPLE
        telar export best.safetensors --onnx best.onnx
      """)

  @Argument(
    help: ArgumentHelp("A safetensors file of a network.", valueName: "checkpoint"), completion: Completions.checkpoint)
  var checkpoint: String

  @Option(help: ArgumentHelp("The ONNX file to write.", valueName: "file"), completion: .file(extensions: ["onnx"]))
  var onnx: String

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard !onnx.isEmpty else { throw ValidationError("--onnx names no file") }
  }

  func run() throws {
    try output.check(onnx)
    let checkpoint = try Checkpoint(checkpoint)
    var metadata = checkpoint.info.metadata
    metadata[Checkpoint.preparationMember] = checkpoint.preparation?.json.text
    let model = try ONNXModel(
      checkpoint.architecture, inputShape: checkpoint.info.inputShape, metadata: metadata,
      description: Self.description(of: checkpoint.info), version: telarVersion,
      values: { try checkpoint.file.floats($0) })
    try model.write(to: onnx)
    func shape(_ sizes: [Int]) -> String { "[\((["N"] + sizes.map(String.init)).joined(separator: ", "))]" }
    Console.result(
      "\(onnx): \(model.nodeCount) operators, \(shape(model.inputShape)) to \(shape(model.outputShape))")
  }

  /// A description of input and output for people who open the file.
  private static func description(of info: CheckpointInfo) -> String {
    let normalization = info.normalization
    let pixels =
      normalization == .unit
      ? "pixels from 0, black, to 1, white"
      : zip(normalization.mean, normalization.deviation).map { "(pixel - \($0)) / \($1)" }.joined(separator: ", ")
        + "\(normalization.channelCount == nil ? "" : " by channel"), pixels from 0, black, to 1, white"
    switch info.loss {
    case .reconstruction: return "An autoencoder. Input: \(pixels). Output: the same, reconstructed."
    case .classification: return "A classifier. Input: \(pixels). Output: a logit for each class."
    }
  }
}
