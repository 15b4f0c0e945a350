// Read-only tables as uniform buffers: every chain of a workgroup reads the same element, and software adapters
// then load it once for all lanes (in a loop they load storage buffers lane by lane). At most 64 KiB each, so an
// ensemble of many problems is launched in sets that fit. Twin of tables_storage.wgsl.

@group(0) @binding(0) var<uniform> problems: array<Problem, PROBLEMS>;
@group(0) @binding(1) var<uniform> table: array<vec4f, TABLE_VECTORS>;
@group(1) @binding(1) var<uniform> tuning: array<vec4f, TUNING_VECTORS>;
