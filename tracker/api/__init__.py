"""The REST API (数据接口): what a token's owner sees here, as JSON, and progress reports from other systems.

`door` lets in by token, `shapes` is what goes over the line, `operations` what can be asked, `errors` how it
is refused, and `description` the OpenAPI document of it all.
"""
