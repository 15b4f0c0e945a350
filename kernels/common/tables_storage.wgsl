// Read-only tables as storage buffers, of any size. Twin of tables_uniform.wgsl.

@group(0) @binding(0) var<storage, read> problems: array<Problem>;
@group(0) @binding(1) var<storage, read> table: array<vec4f>;
@group(1) @binding(1) var<storage, read> tuning: array<vec4f>;
