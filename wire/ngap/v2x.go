package ngap

// NRV2XServicesAuthorized is the NR V2X Services Authorized IE, TS 38.413 §9.3.1.146.
//
//aper:sequence
type NRV2XServicesAuthorized struct {
	VehicleUE    *VehicleUE    `aper:"optional"`
	PedestrianUE *PedestrianUE `aper:"optional"`
}

// VehicleUE is part of NR V2X Services Authorized, TS 38.413 §9.3.1.146.
//
//aper:enum 2 ext
type VehicleUE uint8

// Values of VehicleUE.
const (
	VehicleUEAuthorized    VehicleUE = iota // authorized
	VehicleUENotAuthorized                  // not-authorized
)

// PedestrianUE is part of NR V2X Services Authorized, TS 38.413 §9.3.1.146.
//
//aper:enum 2 ext
type PedestrianUE uint8

// Values of PedestrianUE.
const (
	PedestrianUEAuthorized    PedestrianUE = iota // authorized
	PedestrianUENotAuthorized                     // not-authorized
)

// LTEV2XServicesAuthorized is the LTE V2X Services Authorized IE, TS 38.413 §9.3.1.147.
//
//aper:sequence
type LTEV2XServicesAuthorized struct {
	VehicleUE    *VehicleUE    `aper:"optional"`
	PedestrianUE *PedestrianUE `aper:"optional"`
}

// NRUESidelinkAggregateMaximumBitrate is the NR UE Sidelink Aggregate Maximum Bit Rate IE, TS 38.413 §9.3.1.148.
//
//aper:sequence
type NRUESidelinkAggregateMaximumBitrate struct {
	UESidelinkAggregateMaximumBitRate BitRate
}

// LTEUESidelinkAggregateMaximumBitrate is the LTE UE Sidelink Aggregate Maximum Bit Rate IE, TS 38.413 §9.3.1.149.
//
//aper:sequence
type LTEUESidelinkAggregateMaximumBitrate struct {
	UESidelinkAggregateMaximumBitRate BitRate
}
