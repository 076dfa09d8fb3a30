# The only release build of the addon: node-gyp at install time, prebuildify for the package.
# Developers' builds (sanitizers, compile_commands.json) are native/CMakeLists.txt's.
{
  "targets": [
    {
      "target_name": "slipway",
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api"],
      "sources": ["<!@(node native/folders.cjs build/folders)"],
      "include_dirs": ["native"],
      # SWALLOW: a worker that is being terminated refuses calls at any moment, which is no error to abort the process for.
      "defines": ["NAPI_VERSION=9", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "_GNU_SOURCE"],
      # What the standard library throws is caught (native/base/guard.h). Node-API's wrappers throw nothing.
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions"],
      "cflags_cc": [
        "-std=c++20",
        "-fexceptions",
        "-Wall",
        "-Wextra",
        "-fvisibility=hidden",
        "-fvisibility-inlines-hidden",
        "-ffunction-sections",
        "-fdata-sections",
        "<!@(pkg-config --cflags libmnl libnftnl)",
      ],
      "libraries": ["<!@(pkg-config --libs libmnl libnftnl)"],
      "ldflags": [
        # A prebuilt addon runs where libstdc++ is older than the builder's.
        "-static-libstdc++",
        "-static-libgcc",
        # libstdc++ drags in what nobody calls, and with it newer symbols of glibc than we need (arc4random).
        "-Wl,--gc-sections",
        # Prebuilt, libmnl and libnftnl lie beside the addon. The old kind of rpath, because only that
        # is also followed for libnftnl's own need of libmnl.
        "-Wl,-rpath,'$$ORIGIN'",
        "-Wl,--disable-new-dtags",
        "-Wl,--exclude-libs,ALL",
      ],
    },
  ],
}
