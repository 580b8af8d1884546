// `import Telar` brings devices, tensors, networks, data, training, inference and export. The comparison of networks,
// with recipes, figures and reports, is `import TelarStudies`.
@_exported import Compute
@_exported import TelarData
@_exported import TelarIO
@_exported import TelarNN
@_exported import TelarTraining
@_exported import Tensors

/// The version of the library and of the command, as `telar --version` prints it.
public let telarVersion = "0.2.0"
