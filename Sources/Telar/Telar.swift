// `import Telar` gives a library's user everything.
@_exported import Figures
@_exported import Files
@_exported import ONNX
@_exported import Recipes
@_exported import Safetensors
@_exported import Studies
@_exported import TelarData
@_exported import TelarInference
@_exported import TelarNN
@_exported import TelarTraining
@_exported import TensorBoard
@_exported import Tensors
@_exported import TuningFiles

/// The version of the library and of the command, as `telar --version` prints it.
public let telarVersion = "0.1.0"
