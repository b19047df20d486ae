package ngap

// SliceSupportList is the Slice Support List IE, TS 38.413 §9.3.1.17.
//
//aper:list 1..1024
type SliceSupportList []SliceSupportItem

// SliceSupportItem is part of Slice Support List, TS 38.413 §9.3.1.17.
//
//aper:sequence
type SliceSupportItem struct {
	SNSSAI SNSSAI
}

// SNSSAI is the S-NSSAI IE, TS 38.413 §9.3.1.24.
//
//aper:sequence
type SNSSAI struct {
	SST SST
	SD  *SD `aper:"optional"`
}

// SST is part of S-NSSAI, TS 38.413 §9.3.1.24.
//
//aper:octets 1
type SST uint8

// SD is part of S-NSSAI, TS 38.413 §9.3.1.24.
//
//aper:octets 3
type SD uint32

// AllowedNSSAI is the Allowed NSSAI IE, TS 38.413 §9.3.1.31.
//
//aper:list 1..8
type AllowedNSSAI []AllowedNSSAIItem

// AllowedNSSAIItem is part of Allowed NSSAI, TS 38.413 §9.3.1.31.
//
//aper:sequence
type AllowedNSSAIItem struct {
	SNSSAI SNSSAI
}

// ExtendedSliceSupportList is the Extended Slice Support List IE, TS 38.413 §9.3.1.191.
//
//aper:list 1..65535
type ExtendedSliceSupportList []SliceSupportItem

// TargetNSSAIInformation is the Target NSSAI Information IE, TS 38.413 §9.3.1.229.
//
//aper:sequence
type TargetNSSAIInformation struct {
	TargetNSSAI TargetNSSAI
	IndexToRFSP IndexToRFSP
}

// TargetNSSAI is the Target NSSAI IE, TS 38.413 §9.3.1.230.
//
//aper:list 1..8
type TargetNSSAI []TargetNSSAIItem

// TargetNSSAIItem is part of Target NSSAI, TS 38.413 §9.3.1.230.
//
//aper:sequence
type TargetNSSAIItem struct {
	SNSSAI SNSSAI
}

// UESliceMaximumBitRateList is the UE Slice Maximum Bit Rate List IE, TS 38.413 §9.3.1.231.
//
//aper:list 1..8
type UESliceMaximumBitRateList []UESliceMaximumBitRateItem

// UESliceMaximumBitRateItem is part of UE Slice Maximum Bit Rate List, TS 38.413 §9.3.1.231.
//
//aper:sequence
type UESliceMaximumBitRateItem struct {
	SNSSAI                  SNSSAI
	UESliceMaximumBitRateDL BitRate
	UESliceMaximumBitRateUL BitRate
}

// TAINSAGSupportList is the TAI NSAG Support List IE, TS 38.413 §9.3.1.238.
//
//aper:list 1..256
type TAINSAGSupportList []TAINSAGSupportItem

// TAINSAGSupportItem is part of TAI NSAG Support List, TS 38.413 §9.3.1.238.
//
//aper:sequence
type TAINSAGSupportItem struct {
	NSAGID               NSAGID
	NSAGSliceSupportList ExtendedSliceSupportList
}

// NSAGID is part of TAI NSAG Support List, TS 38.413 §9.3.1.238.
//
//aper:int 0..255 ext
type NSAGID uint8

// ConfiguredNSSAI is part of Source to Target AMF Information Reroute, TS 38.413 §9.3.3.27.
//
//aper:octets 128
type ConfiguredNSSAI []byte

// RejectedNSSAIinPLMN is part of Source to Target AMF Information Reroute, TS 38.413 §9.3.3.27.
//
//aper:octets 32
type RejectedNSSAIinPLMN [32]byte

// RejectedNSSAIinTA is part of Source to Target AMF Information Reroute, TS 38.413 §9.3.3.27.
//
//aper:octets 32
type RejectedNSSAIinTA [32]byte
