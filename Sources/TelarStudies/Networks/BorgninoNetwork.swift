import TelarNN

/// The borgnino study's fully connected autoencoder: 784 → h → 784.
public enum BorgninoNetwork {
  public static func encoder(h: Int) -> Sequential {
    Sequential {
      Flatten()
      Linear(784, h)
      LeakyReLU()
    }
  }

  public static func decoder(h: Int) -> Sequential {
    Sequential {
      Linear(h, 784)
      Sigmoid()
      Unflatten(channels: 1, height: 28, width: 28)
    }
  }
}
