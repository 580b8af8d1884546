/// What is known of Fashion-MNIST: 60,000 training and 10,000 test images, 28 × 28, in ten classes.
///
/// - Source: Xiao, Rasul and Vollgraf, arXiv:1708.07747.
public enum FashionMNIST {
  /// Class names by label.
  public static let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]
  public static let classCount = 10
  /// The environment variable that names the folder of the data set that is used where none is named.
  public static let environmentVariable = "FASHION_MNIST_DIR"
  /// The folder of Debian's package.
  public static let systemDirectory = "/usr/share/datasets/fashion-mnist"
  /// SHA-256 of the published files, uncompressed.
  public static let publishedSums = [
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
  ]
}
