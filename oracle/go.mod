module github.com/limpid-5g/limpid/oracle

go 1.26.2

require (
	github.com/free5gc/nas v1.2.3
	github.com/free5gc/ngap v1.2.0
	github.com/wmnsk/go-pfcp v0.0.24
	github.com/wmnsk/milenage v1.2.1
)

require (
	github.com/aead/cmac v0.0.0-20160719120800-7af84192f0b1 // indirect
	github.com/emmansun/gmsm v0.15.5 // indirect
	github.com/golang-jwt/jwt/v5 v5.2.2 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/sirupsen/logrus v1.9.3 // indirect
	github.com/tim-ywliu/nested-logrus-formatter v1.3.2 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/limpid-5g/limpid => ../

require (
	github.com/free5gc/openapi v1.2.4
	github.com/limpid-5g/limpid v0.0.0
)
