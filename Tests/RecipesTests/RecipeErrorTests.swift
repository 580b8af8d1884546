import Recipes
import Testing

@Suite("Errors of recipes")
struct RecipeErrorTests {
}
