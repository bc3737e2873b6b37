module example.com/outside

go 1.26.0

require github.com/zec-conformance/deletesnapshots v0.0.0

replace github.com/zec-conformance/deletesnapshots => ../../..
