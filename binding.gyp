{
  # The recipe lies under native/, where the npm package carries it too: a binding.gyp at a package's
  # root makes npm compile by itself.
  "includes": ["native/addon.gypi"]
}
