package ngap

import "github.com/limpid-5g/limpid/wire/aper"

// UplinkRANConfigurationTransfer is the UPLINK RAN CONFIGURATION TRANSFER message, TS 38.413 §9.2.7.1.
//
//aper:message initiating 48 ignore
type UplinkRANConfigurationTransfer struct {
	SONConfigurationTransferUL            aper.Open                    `ie:"99,ignore,optional" aper:"open"`
	ENDCSONConfigurationTransferUL        ENDCSONConfigurationTransfer `ie:"158,ignore,optional"`
	IntersystemSONConfigurationTransferUL aper.Open                    `ie:"251,ignore,optional" aper:"open"`
}

// DownlinkRANConfigurationTransfer is the DOWNLINK RAN CONFIGURATION TRANSFER message, TS 38.413 §9.2.7.2.
//
//aper:message initiating 6 ignore
type DownlinkRANConfigurationTransfer struct {
	SONConfigurationTransferDL            aper.Open                    `ie:"98,ignore,optional" aper:"open"`
	ENDCSONConfigurationTransferDL        ENDCSONConfigurationTransfer `ie:"157,ignore,optional"`
	IntersystemSONConfigurationTransferDL aper.Open                    `ie:"250,ignore,optional" aper:"open"`
}
